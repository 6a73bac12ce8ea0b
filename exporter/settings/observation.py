"""What a soak run and a watch share: how memory is sampled, where that goes, and what the verdict does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import Complaint
from exporter.settings.declared import Flag, Section, all_settings, by_flags, setting
from exporter.settings.group import contradiction, label_complaint, same_files
from exporter.settings.kinds import TEXT, Kind
from exporter.settings.listen_address import checked_listen_address
from exporter.settings.verdict import VerdictChoice

# Past the range that is allocated to exporters (9100 to 9999, all taken, and a few above 10000), and claimed by none.
DEFAULT_LISTEN_ADDRESS = "127.0.0.1:10366"

LogFormat = Literal["text", "json"]
StopOn = Literal["never", "leak"]
ExistingCsv = Literal["refuse", "append", "overwrite"]

# Prometheus and this program give these to runs themselves.
_TAKEN = frozenset({"job", "instance", "run", "version", "python_version", "program", "sources"})


def _read_label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch("[a-zA-Z][a-zA-Z0-9_]*", name):
        raise ValueError("write it like plan=nightly")
    if complaint := label_complaint(value):
        raise ValueError(complaint.removeprefix(", which "))
    return name, value


@dataclass(frozen=True)
class ObservationSettings(VerdictChoice):
    """Settings of every measurement; seconds throughout."""

    duration_seconds: float = setting(
        3600.0,
        "How long to make payments.",
        section=Section.MEASUREMENT,
        heading=True,
        harness_variable="MEMTEST_DURATION_SECS",
        from_harness=lambda text: f"{text}s" if text.replace(".", "", 1).isdecimal() else text,
        above=0,
        remedy="run for a second at least, for example 1h",
    )
    mem_interval_seconds: float = setting(
        30.0,
        "Time between two samples of the memory.",
        section=Section.MEASUREMENT,
        heading=True,
        above=0,
        remedy="take a sample every 30s, for example",
    )
    csv: Path | None = setting(
        None,
        "File for one row per sample.",
        section=Section.OUTPUT,
        harness_variable="MEMTEST_CSV_FILE",
        file="record",
    )
    existing_csv: ExistingCsv = by_flags(
        "refuse",
        Flag(name="csv-append", help="Go on with an existing CSV file.", value="append"),
        Flag(name="csv-overwrite", help="Replace an existing CSV file.", value="overwrite"),
        section=Section.OUTPUT,
    )
    report: Path | None = setting(
        None, "Page to write at the end, with charts; it needs no network.", section=Section.OUTPUT, file="written"
    )
    listen_address: str = setting(
        DEFAULT_LISTEN_ADDRESS,
        "Where to serve /metrics: host:port, [v6]:port or :port.",
        kind=Kind("text", checked_listen_address),
        section=Section.OUTPUT,
    )
    web_config: Path | None = setting(
        None,
        "TLS and users of the HTTP side, in the format of the Prometheus exporters.",
        section=Section.OUTPUT,
        flag="web-config-file",
        aliases=("web.config.file",),
        file="read",
    )
    run_name: str = setting(
        "", "Name of the run in metrics and report; its start time if not given.", section=Section.OUTPUT
    )
    labels: tuple[tuple[str, str], ...] = setting(
        (),
        "Label of memtest_run_info, to tell runs apart on dashboards.",
        flag="label",
        kind=Kind("text", _read_label),
        many=True,
        gather=tuple,
        metavar="NAME=VALUE",
        section=Section.OUTPUT,
    )
    quiet: bool = setting(False, "Print the final report only.", section=Section.OUTPUT)
    log_format: LogFormat = setting("text", "Format of the log on stderr.", section=Section.OUTPUT)
    stop_on: StopOn = setting(
        "never",
        "Verdict that ends the run early: leak, once four looks in a row, a minute apart, have shown one. Of several "
        "subjects, the first that leaks ends the run of all.",
        section=Section.END,
    )
    linger_seconds: float = setting(
        0.0,
        "Keep serving after the end, so that the last state is scraped.",
        section=Section.END,
        at_least=0,
        remedy="0s means not at all",
    )

    def contradictions(self) -> Iterator[Complaint]:
        if self.existing_csv != "refuse" and self.csv is None:
            yield contradiction(
                f"csv-{self.existing_csv} does nothing without csv: name the file with --csv FILE",
                "existing_csv",
                "csv",
            )
        names = [name for name, _ in self.labels]
        taken = _TAKEN | {each.name.replace("-", "_") for each in all_settings(type(self)) if each.heading}
        for name in sorted({name for name in names if names.count(name) > 1 or name in taken}):
            wrong = "which every run has by itself" if name in taken else "which is given twice"
            yield contradiction(f"label is {TEXT.shown(name)}, {wrong}: give another name", "labels")
        yield from same_files(self.files())

    def files(self) -> dict[str, Path | None]:
        """The files of this measurement by setting, each of which has to be another one."""
        return {"csv": self.csv, "report": self.report}
