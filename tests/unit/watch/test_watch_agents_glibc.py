"""The agent in programs under glibc: it tells what malloc has handed out, and they don't notice it."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from agent_hearing import heard, run_with_agent

from exporter.errors import ConfigError

pytestmark = pytest.mark.system

# Holds more at each line of input; ends with it.
PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
    char line[16], *held[2000] = {""};
    if (count > 1 && !strcmp(arguments[1], "fork")) {
        for (int number = 0; number < 20; number++)
            if (!fork())
                _exit(number);
        int sum = 0, status;
        while (wait(&status) > 0)
            sum += WEXITSTATUS(status);
        printf("%d\n", sum);
    }
    if (count > 1 && !strcmp(arguments[1], "signal")) {
        sigset_t set;
        int number;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if (!fork()) {
            usleep(300000);
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
        sigwait(&set, &number);
        printf("%d\n", number == SIGUSR1);
    }
    while (fgets(line, sizeof line, stdin)) {
        for (int number = 0; number < 2000; number++)
            held[number] = malloc(10000);
        held[0] = malloc(50000000);
        memset(held[0], 1, 50000000);
        printf("more\n");
        fflush(stdout);
    }
    return held[0] ? 3 : 4;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("glibc")
    (directory / "program.c").write_text(PROGRAM)
    subprocess.run(["cc", "-o", "program", "program.c"], cwd=directory, check=True, timeout=60)
    return directory / "program"


def test_it_tells_what_malloc_has_handed_out(program: Path) -> None:
    async def main() -> None:
        async with heard("glibc", str(program)) as running:
            before = (await running.until(lambda heap: "native" in heap.heap_bytes)).heap_bytes
            assert await running.go_on() == "more"
            after = await running.until(lambda heap: heap.heap_bytes["native"] > before["native"] + 19_000_000)
            after = await running.until(lambda heap: heap.heap_bytes["mmap"] > before["mmap"] + 50_000_000)
            assert after.heap_bytes["native"] < before["native"] + 21_000_000
            assert after.allocator_bytes["arena"] > 20_000_000

    asyncio.run(main())


@pytest.mark.parametrize("what", ["", "fork", "signal"])
def test_a_program_ends_as_it_does_without(program: Path, what: str) -> None:
    command = (str(program), what)
    alone = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert asyncio.run(run_with_agent("glibc", *command)) == (alone.returncode, alone.stdout, alone.stderr)


def test_its_descriptors_are_none_of_the_programs(program: Path) -> None:
    async def main() -> None:
        async with heard("glibc", str(program)) as running:
            await running.until(lambda heap: "native" in heap.heap_bytes)
            tasks = list(Path(f"/proc/{running.process.pid}/task").iterdir())
            descriptors = [len(list((task / "fd").iterdir())) for task in tasks]
            # At most the one that it is about to close, where the program has three.
            assert [min(descriptors) < 2, max(descriptors) > 2] == [True, True]

    asyncio.run(main())


def test_a_program_with_the_address_sanitizer_ends_as_it_does_without(program: Path) -> None:
    sanitized = program.parent / "sanitized"
    source = program.parent / "program.c"
    subprocess.run(["cc", "-fsanitize=address", "-o", sanitized, source], check=True, timeout=60)
    assert asyncio.run(run_with_agent("glibc", str(sanitized))) == (3, b"", b"")


def test_it_takes_nothing_that_another_libc_may_lack() -> None:
    listing = ("sh", "-c", 'env -u LD_PRELOAD nm --dynamic --undefined-only "$LD_PRELOAD"')
    code, output, _ = asyncio.run(run_with_agent("glibc", *listing))
    assert code == 0
    needed = [line.split()[1].decode() for line in output.splitlines() if line.split()[0] == b"U"]
    assert "nanosleep" in " ".join(needed)
    assert not [name for name in needed if name.startswith("_")]


def test_without_a_compiler_it_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="agent glibc takes a C compiler; install one"):
        asyncio.run(run_with_agent("glibc", "true"))
