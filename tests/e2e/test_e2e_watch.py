"""Any program under ``exporter watch``: well-behaved ones, and those that do what programs do."""

import re
import signal
import sys
from pathlib import Path

import psutil
import pytest
from running_exporter import MOST_MEMORY, RunningExporter, Start, assert_all_gone, rows_of, value_of, wait_until

pytestmark = pytest.mark.e2e

OFTEN = ("--mem-interval", "500ms")
MIB = 1 << 20


def python(code: str) -> tuple[str, ...]:
    return "--", sys.executable, "-c", code


# The end of a program that goes on until it is told to end.
UNTIL_TOLD = "\nimport os, time\nwhile not os.path.exists('end'): time.sleep(0.05)"


def tell_to_end(running: RunningExporter) -> None:
    (running.directory / "end").touch()


def test_a_command_is_watched_to_its_end(start: Start) -> None:
    code = "for i in range(20): print('paid', i + 1, flush=True)" + UNTIL_TOLD
    running = start("watch", *OFTEN, "--csv", "out.csv", "--payments-from", r"paid (\d+)", *python(code))
    running.wait_for("Payments=20")
    tell_to_end(running)
    assert running.finish() == 0, running.errors
    assert re.search(r"ended after \d+s: exit code 0", running.output)
    assert "Verdict: inconclusive" in running.output
    assert "paid 20" in running.errors
    assert int(rows_of(running)[-1]["payments"]) == 20


def test_the_children_of_a_program_count_and_end_with_it(start: Start) -> None:
    child = f"b = bytearray({60 * MIB}); import time; time.sleep(600)"
    code = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\ntime.sleep(600)"
    running = start("watch", *OFTEN, "--csv", "out.csv", *python(code))

    def counted() -> str | None:
        metrics = running.scrape()
        found = re.search(r'memtest_descendant_resident_memory_bytes{driver="\S+",process="python\S*"} (\S+)', metrics)
        return metrics if found and float(found[1]) > 60 * MIB else None

    metrics = wait_until(counted, "the child's memory on /metrics")
    driver = Path(sys.executable).name
    assert value_of(metrics, f'memtest_resident_memory_bytes{{driver="{driver}"}}') > 65 * MIB
    children = running.children()
    wait_until(
        lambda: any(int(row["rss_bytes"]) > 65 * MIB for row in rows_of(running)[-1:]), "the child's memory in the CSV"
    )
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert_all_gone(children)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
        ("import os, time; time.sleep(1.5); os._exit(7)", "exit code 7"),
    ],
)
def test_a_program_that_fails_is_exit_code_4(start: Start, code: str, said: str) -> None:
    running = start("watch", *OFTEN, *python(code))
    assert running.finish() == 4
    assert said in running.output + running.errors
    assert "Traceback" not in running.errors


@pytest.mark.parametrize(("shown", "mebibytes"), [((), 64), (("--quiet",), 1024)])
def test_a_program_that_prints_a_gigabyte_costs_no_memory(start: Start, shown: tuple[str, ...], mebibytes: int) -> None:
    code = f"import os\nblock = b'x' * (1 << 20)\nfor _ in range({mebibytes}): os.write(1, block)\nprint('\\npaid')"
    running = start("watch", *OFTEN, *shown, "--payments-from", "paid", *python(code))
    assert 0 < running.peak_memory() < MOST_MEMORY
    assert running.finish() == 0, running.errors[-1000:]


def test_what_a_program_leaves_behind_ends_with_it(start: Start) -> None:
    code = "import subprocess\nprint('left', subprocess.Popen(['sleep', '600']).pid, flush=True)"
    running = start("watch", *OFTEN, *python(code))
    assert running.finish() == 0, running.errors
    left = re.search(r"left (\d+)", running.errors)
    assert left
    wait_until(lambda: not psutil.pid_exists(int(left[1])), "the end of what was left behind")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_watch_with_all_that_was_started(start: Start, number: int) -> None:
    running = start("watch", *OFTEN, *python("import subprocess\nsubprocess.run(['sleep', '600'])"))
    running.wait_for(r"\n\[")
    running.child("sleep 600")
    children = running.children()
    running.signal(number)
    assert running.finish() == 130, running.errors
    assert "Verdict: " in running.output
    assert_all_gone(children)


def test_a_program_that_ignores_sigterm_is_killed(start: Start) -> None:
    code = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\ntime.sleep(600)"
    )
    running = start("watch", *OFTEN, *python(code))
    wait_until(lambda: "deaf" in running.errors, "the program is deaf")
    running.wait_for(r"\n\[")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert "did not stop on SIGTERM; killing it" in running.errors
    assert_all_gone(children)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "name it in one way"),
        (("--pid", "999999999"), "there is no process with pid 999999999"),
        (("--name", "no-such-program"), "there is no process with name 'no-such-program'"),
        (("--cgroup", "no-such-group"), "cgroup is 'no-such-group': there is no such control group"),
        (("--", "no-such-program"), "'no-such-program' can't be started"),
        (("--pprof", "localhost:6060", "--", "true"), "pprof is 'localhost:6060': give a URL"),
        (("--payments-from", "(", "--", "true"), "payments-from is '('"),
        (("--map", "x", "--", "true"), "map is 'x': write it like"),
        (
            ("--csv", "a.csv", "--follow-csv", "a.csv", "--", "true"),
            "csv and follow-csv are both 'a.csv': name a file for each",
        ),
    ],
)
def test_a_wrong_setting_is_exit_code_2_and_one_sentence(start: Start, args: tuple[str, ...], said: str) -> None:
    running = start("watch", *args)
    assert running.finish() == 2
    assert said in running.errors
    assert "Traceback" not in running.errors
