"""``exporter analyze``: the verdict on recorded runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode
from exporter.settings.recorded import AnalyzeSettings
from exporter.whole_files import write_whole

if TYPE_CHECKING:
    from exporter.analysis.judgement import Judgement


@click.command("analyze", cls=SettingsCommand, params=parameters_of(AnalyzeSettings, environment=False))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Judge recorded runs again.

    FILE is a CSV of this program, of the Go harness or of the Rust harness.
    """
    asked = settings_from(ctx, AnalyzeSettings)
    from exporter.analysis.judgement import Settings
    from exporter.analysis.series import read_csv
    from exporter.analysis.verdict import judge
    from exporter.record.terms import Verdict
    from exporter.report import judgements as formats

    settings = Settings.from_threshold(asked.threshold_kib_per_min)
    judged: list[tuple[str, Judgement]] = [(str(file), judge(read_csv(file), settings)) for file in asked.files]
    write = {"json": formats.as_json, "markdown": formats.as_markdown, "text": formats.as_text}[asked.output]
    click.echo(write(judged))
    if asked.junit is not None:
        _write(asked.junit, formats.as_junit(judged, asked.fail_on))
    failing = {judgement.verdict for _, judgement in judged if formats.fails(judgement.verdict, asked.fail_on)}
    if Verdict.LEAK in failing:
        return ExitCode.LEAK
    return ExitCode.INCONCLUSIVE if failing else ExitCode.NO_LEAK


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; name a file in a directory that exists") from error
