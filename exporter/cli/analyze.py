"""``exporter analyze``: the verdict on recorded runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode

if TYPE_CHECKING:
    from exporter.analysis.judgement import Judgement


@click.command("analyze")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "output", flag_value="json", help="Print every field as JSON.")
@click.option("--markdown", "output", flag_value="markdown", help="Print a table, as for a CI job's summary.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML to this file.")
@click.option(
    "--fail-on",
    type=click.Choice(["leak", "inconclusive", "never"]),
    default="leak",
    show_default=True,
    help="Verdict that makes the exit code 1 (leak) or 3 (inconclusive, which includes leak).",
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="KIB_PER_MIN",
    help="Growth from which on a leak matters.",
)
def command(files: Sequence[Path], output: str | None, junit: Path | None, fail_on: str, threshold: float) -> int:
    """Say of recorded runs whether they leak.

    FILE is a CSV of this program, of the Go harness or of the Rust harness.
    """
    from exporter.analysis.judgement import Settings, Verdict
    from exporter.analysis.series import read_csv
    from exporter.analysis.verdict import judge
    from exporter.report import judgements as formats

    settings = Settings(threshold_kib_per_min=threshold, acquit_kib_per_min=max(50.0, threshold))
    judged: list[tuple[str, Judgement]] = [(str(file), judge(read_csv(file), settings)) for file in files]
    write = {"json": formats.as_json, "markdown": formats.as_markdown}.get(output or "", formats.as_text)
    click.echo(write(judged))
    if junit is not None:
        _write(junit, formats.as_junit(judged, fail_on))
    failing = {judgement.verdict for _, judgement in judged if formats.fails(judgement.verdict, fail_on)}
    if Verdict.LEAK in failing:
        return ExitCode.LEAK
    return ExitCode.INCONCLUSIVE if failing else ExitCode.NO_LEAK


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; name a file in a directory that exists") from error
