"""How a run ended, and the exit code that says so: pure functions."""

from dataclasses import dataclass

from exporter.errors import DefectError, ExporterError, LoadError
from exporter.exit_codes import ExitCode
from exporter.record.state import LoadCounters
from exporter.record.terms import Verdict
from exporter.settings.verdict import FailOn


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run: whether somebody stopped it, what broke, and the verdict."""

    interrupted: bool
    error: ExporterError | None
    verdict: Verdict

    def exit_code(self, fail_on: FailOn) -> int:
        """Return the exit code: of a defect, then of an interruption, then of a failure, then of the verdict."""
        if isinstance(self.error, DefectError):
            return ExitCode.DEFECT
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.error is not None:
            return self.error.exit_code
        if self.verdict is Verdict.LEAK and fail_on != "never":
            return ExitCode.LEAK
        if self.verdict is Verdict.INCONCLUSIVE and fail_on == "inconclusive":
            return ExitCode.INCONCLUSIVE
        return ExitCode.NO_LEAK


def load_failure(subject: str, load: LoadCounters, max_failure_ratio: float) -> LoadError | None:
    """Return why a load counts as failed, or None; failures that were made on purpose don't count."""
    paid, failed = load.payments.total(), load.failures.total()
    on_purpose = load.expected_failures.total()
    if paid == 0 and not failed and on_purpose:
        told = f"{subject}: no payment succeeded ({on_purpose} failed on purpose)"
        return LoadError(f"{told}; let more of them succeed, or run for longer")
    if paid == 0:
        tried = f"{failed} failed" if failed else "none was tried"
        return LoadError(f"{subject}: no payment succeeded ({tried}); see the log for the reason, or run for longer")
    ratio = failed / (paid + failed)
    if ratio > max_failure_ratio:
        return LoadError(
            f"{subject}: {failed} of {paid + failed} payments failed, a share of {ratio:.2f}; "
            f"see the log for the reason, or raise --max-failure-ratio (now {max_failure_ratio:g})"
        )
    return None
