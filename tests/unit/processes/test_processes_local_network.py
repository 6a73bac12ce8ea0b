"""Starting the local network: its file, or a clear sentence; on small stand-ins for it."""

import asyncio
import sys

import pytest

from exporter.errors import LoadError
from exporter.processes.child import Exit
from exporter.processes.local_network import NetworkChild, start_network

pytestmark = pytest.mark.processes


def stand_in(code: str) -> list[str]:
    return [sys.executable, "-c", f"import sys, time\n{code}"]


def start(argv: list[str], settings: bytes = b"", ready_timeout: float = 30.0) -> tuple[NetworkChild, Exit]:
    """Start a stand-in, then stop it."""

    async def main() -> tuple[NetworkChild, Exit]:
        async with asyncio.timeout(60):
            child = await start_network(argv, settings, ready_timeout)
            return child, await child.stop()

    return asyncio.run(main())


def test_the_network_file_is_read_and_the_network_stops_with_its_input() -> None:
    child, end = start(stand_in("""print('{"network": "regtest"}', flush=True); sys.stdin.read()"""))
    assert child.file == {"network": "regtest"}
    assert end == Exit(0)


def test_settings_are_written_to_its_input() -> None:
    code = """print('{"got": ' + sys.stdin.readline().strip() + '}', flush=True); sys.stdin.read()"""
    child, _ = start(stand_in(code), b'{"port": 7}\n')
    assert child.file == {"got": {"port": 7}}


@pytest.mark.parametrize(
    ("code", "limit", "complaint"),
    [
        ("sys.exit('port 80 is in use')", 30.0, "ended while starting: exit code 1; port 80 is in use"),
        ("time.sleep(60)", 0.5, r"was not ready after 0\.5 s; run `exporter network`"),
        ("print('hello', flush=True); time.sleep(60)", 30.0, "printed something else than its JSON object"),
        ("print('[]', flush=True); time.sleep(60)", 30.0, "printed something else than its JSON object"),
    ],
)
def test_a_network_that_does_not_come_up_is_a_load_error(code: str, limit: float, complaint: str) -> None:
    with pytest.raises(LoadError, match=complaint):
        start(stand_in(code), ready_timeout=limit)


def test_a_network_that_can_not_be_started_is_a_load_error() -> None:
    with pytest.raises(LoadError, match="can't be started"):
        start(["/no/such/network"])
