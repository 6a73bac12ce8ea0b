"""The options of ``run``: defaults, environment, refusals."""

from pathlib import Path

import click
import pytest

from exporter.cli.options import SettingOption, settings_from
from exporter.cli.run import command
from exporter.errors import ConfigError
from exporter.settings.declared import all_settings
from exporter.settings.drivers import DriverChoice
from exporter.settings.load import WorkloadSettings
from exporter.settings.run import RunConfig


def parse(*args: str) -> RunConfig:
    with command.make_context("run", list(args)) as context:
        return settings_from(context, RunConfig)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in command.params:
        if isinstance(option, SettingOption):
            monkeypatch.delenv(str(option.envvar), raising=False)
            monkeypatch.delenv(option.harness_variable, raising=False)


def test_without_options_every_setting_has_its_default() -> None:
    assert parse() == RunConfig()


@pytest.mark.parametrize(
    ("flag", "default"),
    [
        ("duration", 3600),
        ("interval", 5),
        ("mem-interval", 30),
        ("amount", 1000),
        ("payment-type", "spark"),
        ("reconnect-cycles", False),
        ("reconnect-every", 100),
        ("listener-churn", False),
        ("frequent-sync", False),
        ("payment-history", False),
        ("payment-history-limit", 0),
        ("destroy-responses", False),
        ("force-gc", False),
        ("extra-instances", 0),
    ],
)
def test_the_defaults_are_the_go_harness_s(flag: str, default: object) -> None:
    declared = {each.name: each.default for each in all_settings(RunConfig)}
    assert declared[flag] == default


def test_options_set_what_they_name() -> None:
    config = parse(
        *("--duration", "1h30m", "--interval", "0s", "--mem-interval", "500ms", "--csv", "a.csv", "--csv-append"),
        *("--amount", "7", "--payment-type", "both", "--reconnect-cycles", "--no-prefer-spark"),
        *("--driver-command", "/opt/my-driver --fast 'a b'", "--listen-address", ":0", "--linger", "1m", "--quiet"),
        *("--fail-on", "inconclusive", "--run-name", "r", "--log-format", "json", "--network", "n.json"),
    )
    assert config == RunConfig(
        duration_seconds=5400,
        mem_interval_seconds=0.5,
        csv=Path("a.csv"),
        existing_csv="append",
        workload=WorkloadSettings(
            interval_seconds=0, amount_sats=7, payment_type="both", reconnect_cycles=True, prefer_spark=False
        ),
        drivers=(DriverChoice("my-driver", ("/opt/my-driver", "--fast", "a b")),),
        listen_address=":0",
        linger_seconds=60,
        quiet=True,
        fail_on="inconclusive",
        run_name="r",
        log_format="json",
        network="n.json",
    )


@pytest.mark.parametrize("option", [item for item in command.params if isinstance(item, SettingOption)])
def test_every_option_is_set_by_its_variable(monkeypatch: pytest.MonkeyPatch, option: SettingOption) -> None:
    flag, kind = f"--{option.flag.name}", option.flag.kind
    by_kind = {"duration": "7s", "integer": "3", "float": "0.25", "boolean": "1", "path": "x", "text": "x"}
    value = "1" if kind is None else kind.choices[-1] if kind.choices else by_kind[kind.name]
    monkeypatch.setenv("MEMTEST_" + flag[2:].upper().replace("-", "_"), value)

    def said_by(*args: str) -> str:
        """The settings, or what is wrong with them."""
        try:
            return repr(parse(*args))
        except ConfigError as error:
            return str(error).replace(option.flag.variable, option.flag.name)

    from_environment = said_by()
    monkeypatch.undo()
    assert from_environment == said_by(*([flag] if option.is_flag else [flag, value]))


@pytest.mark.parametrize(
    ("variable", "value", "args"),
    [
        ("MEMTEST_DURATION_SECS", "1800", ("--duration", "30m")),
        ("MEMTEST_PAYMENT_TYPE", "both", ("--payment-type", "both")),
        ("MEMTEST_RECONNECT_CYCLES", "1", ("--reconnect-cycles",)),
        ("MEMTEST_RECONNECT_EVERY", "7", ("--reconnect-every", "7")),
        ("MEMTEST_EXTRA_INSTANCES", "2", ("--extra-instances", "2")),
        ("MEMTEST_FREQUENT_SYNC", "", ("--frequent-sync",)),
        ("MEMTEST_PAYMENT_HISTORY_QUERIES", "yes", ("--payment-history",)),
        ("MEMTEST_PAYMENT_HISTORY_LIMIT", "50", ("--payment-history-limit", "50")),
        ("MEMTEST_CSV_FILE", "rust.csv", ("--csv", "rust.csv")),
    ],
)
def test_the_rust_harness_s_variables_work(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, args: tuple[str, ...]
) -> None:
    expected = parse(*args)
    monkeypatch.setenv(variable, value)
    assert parse() == expected


@pytest.mark.parametrize(
    ("args", "as_usual"),
    [
        (("-duration=1m", "-csv", "-quiet"), ("--duration", "1m", "--csv", "-quiet")),
        (("-run-name", "-duration", "-quiet=true"), ("--run-name", "-duration", "--quiet")),
        (("-prefer-spark=false", "-reconnect-cycles=F"), ("--no-prefer-spark",)),
        (("-driver-command", "--", "-quiet"), ("--driver-command", "--", "--quiet")),
    ],
)
def test_options_can_be_written_as_go_s_programs_take_them(args: tuple[str, ...], as_usual: tuple[str, ...]) -> None:
    assert parse(*args) == parse(*as_usual)


def test_an_option_that_is_not_known_is_named_as_it_is_written_as_a_whole() -> None:
    with pytest.raises(click.NoSuchOption, match="--heap-dumps") as refusal:
        parse("-heap-dumps")
    assert "--heap-dump" in (refusal.value.possibilities or ())


@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_a_switch_can_be_off_in_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MEMTEST_RECONNECT_CYCLES", value)
    assert parse() == RunConfig()


def test_an_option_outranks_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTEST_DURATION", "1h")
    monkeypatch.setenv("MEMTEST_DURATION_SECS", "99")
    assert parse("--duration", "2m").duration_seconds == 120
    assert parse().duration_seconds == 3600


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--duration", "0s"), "duration is 0s: run for a second"),
        (("--mem-interval", "0s"), "mem-interval is 0s"),
        (("--max-failure-ratio", "1.5"), "max-failure-ratio is 1.5: give a share"),
        (("--amount", "0"), "amount is 0"),
        (("--report", "/"), "report is '/', which is a directory: name a file"),
        (("--report", "x.csv", "--csv", "./x.csv"), "csv and report are both 'x.csv': name a file for each"),
        (("--run-name", "x\udcff"), "run-name is 'x\\udcff', which is not UTF-8: give another name"),
        (("--driver-command", "./x\udcff"), "driver is 'x\\udcff', which is not UTF-8"),
        (("--report", "/nowhere/x.html"), "there is no directory '/nowhere'; create it first"),
        (("--csv-append",), "csv-append does nothing without csv"),
        (("--csv", "a", "--csv-append", "--csv-overwrite"), "contradict each other"),
        (("--driver-command", "'"), "quote it"),
        (("--driver-command", ""), "driver-command is '': name a program, or leave the option out"),
        (("-faucet-url", "http://me:hush@host/x", "-network", "regtest"), "leave the login out, as every user"),
        (("--driver", "cobol"), "driver is 'cobol': choose among python, go, node, rust, python@RELEASE"),
        (("--driver", "go@1"), "driver is 'go@1'"),
        (("--driver", "python@"), "driver is 'python@'"),
        (("--driver", "go", "--driver", "go"), "driver 'go' is named twice"),
        (("--driver", "go", "--driver", "python", "--network", "regtest"), "one pair of wallets"),
        (("--driver", "go", "--driver", "python", "--pprof"), "profile one subject"),
    ],
)
def test_a_refusal_names_the_setting_its_value_and_the_remedy(args: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse(*args)
    assert message in str(refusal.value)


def test_a_page_that_can_t_be_written_is_refused_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(ConfigError, match=r"report is 'x\.html', which can't be written: name another file"):
        parse("--report", "x.html")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as refusal:
        parse(
            *("--duration", "0s", "--amount", "0", "--error-rate", "2", "--interval", "soon", "--driver", "cobol"),
            *("--payment-type", "cash", "--csv-append", "--pprof-port", "70000", "--linger", "-1s"),
            *("--listen-address", "here"),
        )
    said = [each.text for each in refusal.value.complaints]
    assert sorted(text.split()[0] for text in said) == [
        *("amount", "csv-append", "driver", "duration", "error-rate", "interval", "linger", "listen-address"),
        "payment-type",
        "pprof-port",
    ]


def test_nothing_is_said_against_what_could_not_be_read() -> None:
    with pytest.raises(ConfigError) as refusal:
        parse("--outage-every", "5s", "--outage-for", "soon", "--csv-append", "--csv", "")
    assert [each.text for each in refusal.value.complaints] == [
        "outage-for is 'soon': write it like 90s, 30m, 1h30m or 500ms",
        "csv is '': name a file",
    ]


def test_a_malformed_duration_says_how_to_write_one() -> None:
    with pytest.raises(ConfigError, match="duration is '90': write it like 90s"):
        parse("--duration", "90")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MEMTEST_DURATION", "5", "MEMTEST_DURATION is '5': write it like 90s"),
        ("MEMTEST_DURATION_SECS", "x", "MEMTEST_DURATION_SECS is 'x': write it like 90s"),
        ("MEMTEST_PAIRS", "two", "MEMTEST_PAIRS is 'two': give a whole number"),
    ],
)
def test_a_malformed_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as refusal:
        parse()
    assert str(refusal.value).startswith(said)
