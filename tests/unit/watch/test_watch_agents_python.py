"""The agent in Python programs: it tells their heaps, and they don't notice it, whatever they do."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from agent_hearing import heard, python, run_with_agent

from exporter.drivers.protocol import Heap

pytestmark = pytest.mark.processes

MIB = 1 << 20
# Each step at a line of input, told when it is done.
HOLDS_MORE = """
import sys
sys.stdin.readline()
small = [float(number) for number in range(400_000)]
print("small", flush=True)
sys.stdin.readline()
large = [b"x" * 10_000 for _ in range(2_000)], b"y" * 50_000_000
print("large", flush=True)
sys.stdin.readline()
"""


def told(heap: Heap) -> bool:
    return "python" in heap.heap_bytes


def test_it_tells_what_the_program_holds() -> None:
    async def main() -> None:
        async with heard("auto", *python(HOLDS_MORE)) as program:
            empty = await program.until(told)
            assert await program.go_on() == "small"
            # 24 bytes of a float take 32 of pymalloc's; its place in the list is malloc's.
            floats = empty.heap_bytes["python"] + 400_000 * 32
            small = await program.until(lambda heap: heap.heap_bytes.get("python", 0) >= floats)
            assert await program.go_on() == "large"
            large = await program.until(lambda heap: heap.heap_bytes.get("mmap", 0) > 50_000_000)
        assert small.heap_bytes["python"] < floats + 2 * MIB
        assert 20_000_000 <= large.heap_bytes["native"] - small.heap_bytes["native"] < 22 * MIB
        assert small.allocator_bytes["arena"] > 0
        assert small.collections is not None

    asyncio.run(main())


FORKS = """
import os, sys
if not os.fork():
    more = [float(number) for number in range(400_000)]
sys.stdin.readline()
"""


def test_a_forked_child_tells_too() -> None:
    async def main() -> None:
        async with heard("auto", *python(FORKS)) as program:
            # Of the two together, which no more than one of them has.
            await program.until(lambda heap: heap.heap_bytes.get("python", 0) > 400_000 * 24 + 3 * MIB)

    asyncio.run(main())


# What a program may do to what it runs in, and still be heard.
UNRULY = {
    "closes every descriptor that it was given": "import os; os.closerange(3, 4096)",
    "goes elsewhere": "import os; os.chdir('/')",
    "patches the time": "import time, _thread; time.sleep = time.perf_counter = _thread.allocate_lock = None",
    "has a module of the name of the standard library's": "sys.modules['ctypes'] = sys.modules['struct'] = None",
    "takes away its path": "sys.path.clear(); os = None",
    "has other arguments": "sys.argv = None",
}


@pytest.mark.parametrize("what", UNRULY)
def test_it_tells_of_unruly_programs(what: str) -> None:
    async def main() -> None:
        async with heard("auto", *python(f"import sys\n{UNRULY[what]}\nsys.stdin.readline()")) as program:
            await program.until(told)

    asyncio.run(main())


HIDDEN = {
    "prints": "print('hidden')",
    "fails": "raise RuntimeError('hidden')",
    "lacks a module": "import no_such_module",
    "patches": "import sys; sys.path.append('/hidden')",
}


@pytest.mark.parametrize("what", HIDDEN)
def test_the_sitecustomize_that_it_hides_does_what_it_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDDEN[what])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    command = python("import sys; print(sys.path, sys.argv)")
    alone = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert asyncio.run(run_with_agent("auto", *command)) == (alone.returncode, alone.stdout, alone.stderr)


ENDS = {
    "at once": "import os; os._exit(3)",
    "by a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "by an error": "1 / 0",
    "with threads and children": """
import os, threading, time, sys, warnings
warnings.simplefilter("ignore")  # of a fork beside threads, with the process id
threads = [threading.Thread(target=time.sleep, args=(0.3,)) for _ in range(20)]
[thread.start() for thread in threads]
for number in range(20):
    if not os.fork():
        os._exit(number)
print(sorted(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(20)))
[thread.join() for thread in threads]
print(threading.active_count())
""",
    "by a signal that it waits for": """
import os, signal, threading, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGUSR1))).start()
print(signal.sigwait({signal.SIGUSR1}))
""",
    "with warnings that it records": """
import os, time, warnings
with warnings.catch_warnings(record=True) as recorded:
    warnings.simplefilter("always")
    if not os.fork():
        os._exit(0)
    os.wait()
print(len(recorded))
""",
    "with an interpreter in an interpreter": """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inner = interpreters.create()
interpreters.run_string(inner, "import time; time.sleep(0.3)")
interpreters.destroy(inner)
print("done")
""",
    "with little room": "import resource, time; resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)); time.sleep(0.3)",
    "while it is read": "import time; held = [[] for _ in range(100_000)]; time.sleep(0.3)",
    "as another program": "import os, sys, time; time.sleep(0.3); os.execv('/bin/echo', ['echo', 'done'])",
    # Some builds of Python open one for ctypes, which the agent needs.
    "with open descriptors": "import ctypes, os, time; time.sleep(0.3); print(os.listdir('/proc/self/fd'))",
    "with nothing new imported": "import sys; print('threading' in sys.modules, 'ctypes' in sys.modules)",
}


@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_as_it_does_without(how: str) -> None:
    command = python(ENDS[how])
    alone = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert asyncio.run(run_with_agent("auto", *command)) == (alone.returncode, alone.stdout, alone.stderr)


def test_what_ends_its_thread_is_there_from_the_start() -> None:
    there = python("print('libgcc_s' in open('/proc/self/maps').read())")
    assert asyncio.run(run_with_agent("auto", *there)) == (0, b"True\n", b"")


@pytest.mark.parametrize("flag", ["-S", "-I", "-E"])
def test_a_python_that_takes_no_agent_tells_nothing(flag: str) -> None:
    async def main() -> None:
        async with heard("auto", *python(f"{HOLDS_MORE}\nprint('end', flush=True)", flag)) as program:
            assert [await program.go_on(), await program.go_on()] == ["small", "large"]
            assert not program.now().heap_bytes

    asyncio.run(main())


def test_what_python_hides_is_unreadable_and_what_it_has_not_is_no_heap() -> None:
    async def main() -> None:
        wait = python("import sys; sys.stdin.readline()")
        async with heard("auto", *wait, PYTHONTRACEMALLOC="1") as traced:
            assert (await traced.until(lambda heap: bool(heap.heap_bytes))).unreadable == ("python",)
        async with heard("auto", *wait, PYTHONMALLOC="malloc") as plain:
            heap = await plain.until(lambda heap: bool(heap.heap_bytes))
            assert (set(heap.heap_bytes), heap.unreadable) == ({"native", "mmap"}, ())

    asyncio.run(main())
