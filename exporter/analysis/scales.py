"""What growth of a column matters: of memory, at rest or under load, and of what is counted."""

from dataclasses import dataclass

from exporter.analysis.judgement import Settings

_COUNT_THRESHOLD_PER_MIN = 0.1
_COUNT_ACQUIT_PER_MIN = 0.5
PAGE_KIB = 4.0


@dataclass(frozen=True, slots=True)
class Scale:
    """What a column counts in which steps, from where on growth matters, and which growth an acquittal excludes."""

    divisor: float
    unit: str
    step: float
    threshold: float
    acquit: float


def kib(settings: Settings, minutes_at_rest: float | None = None) -> Scale:
    """KiB under load, or at rest for so long."""
    acquit = settings.acquit_kib_per_min if minutes_at_rest is None else settings.acquit_at_rest(minutes_at_rest)
    return Scale(1024.0, " KiB", PAGE_KIB, settings.threshold_kib_per_min, acquit)


COUNT = Scale(1.0, "", 1.0, _COUNT_THRESHOLD_PER_MIN, _COUNT_ACQUIT_PER_MIN)
