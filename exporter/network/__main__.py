"""Run the local network in a process of its own: one JSON line on stdout, then serve until stdin closes."""

import asyncio
import json
import signal
import sys

import uvloop

from exporter.errors import ConfigError, ExporterError
from exporter.network import local
from exporter.settings import network as settings
from exporter.settings.network import NetworkSettings

SETTINGS_FLAG = "--settings-from-stdin"
_LONGEST_LINE = 1 << 20  # in bytes


def run(wanted: NetworkSettings, *, until_stdin_closes: bool) -> None:
    """Run the network until SIGINT, SIGTERM or, if asked, the end of stdin; raises ConfigError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(wanted, until_stdin_closes=until_stdin_closes))


async def _serve(wanted: NetworkSettings, *, until_stdin_closes: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with local.run(wanted) as description:
        print(json.dumps(description), flush=True)
        if until_stdin_closes:
            stdin = asyncio.StreamReader()
            await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
            closed = asyncio.create_task(stdin.read())
            closed.add_done_callback(lambda _: stop.set())
        await stop.wait()


def main() -> None:
    """Without an argument the defaults hold; with the flag the first line of stdin is the settings."""
    try:
        if sys.argv[1:] not in ([], [SETTINGS_FLAG]):
            raise ConfigError(f"want no arguments, or {SETTINGS_FLAG}; `exporter network` has more to choose from")
        wanted = settings.load(sys.stdin.buffer.readline(_LONGEST_LINE)) if sys.argv[1:] else NetworkSettings()
        run(wanted, until_stdin_closes=True)
    except ExporterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
