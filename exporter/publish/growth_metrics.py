"""The metrics of a subject's growth, as of the last look of the verdict, which is taken once a minute."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from exporter.publish.metric_types import Metric, Series, Subject, each, level
from exporter.record.columns import PAYMENTS
from exporter.record.state import Growth, SubjectState

_FIGURES = (
    ("", "value", "Growth"),
    ("_lower", "low", "Lower bound of the 95 % interval of the growth"),
    ("_upper", "high", "Upper bound of the 95 % interval of the growth"),
)


def _growth(
    stem: str,
    unit: str,
    what: str,
    read: Callable[[SubjectState], Mapping[tuple[str, ...], Growth | None]],
    labels: tuple[str, ...] = (),
) -> Iterator[Metric[Subject]]:
    """A growth by the values of labels, with its bounds; it stays when the subject is gone, as the verdict does."""

    def figure(name: str) -> Callable[[Subject], Iterable[Series]]:
        def series(subject: Subject) -> Iterable[Series]:
            found = read(subject.state).items()
            return [((*values, growth.series), getattr(growth, name)) for values, growth in found if growth]

        return series

    for suffix, name, text in _FIGURES:
        yield Metric(f"{stem}{suffix}_{unit}", "gauge", f"{text} {what}", figure(name), ("driver", *labels, "series"))


def _per_operation(state: SubjectState) -> Mapping[tuple[str, ...], Growth]:
    """The growth per operation but for payments, which have metrics of their own."""
    return {(name,): growth for name, growth in state.growth_per.items() if name != PAYMENTS.operation}


GROWTH_METRICS: tuple[Metric[Subject], ...] = (
    *_growth(
        "memtest_growth",
        "bytes_per_second",
        "of the series that decides the verdict, as of the last look, which is taken once a minute.",
        lambda state: {(): state.growth},
    ),
    *_growth(
        "memtest_growth_per_payment",
        "bytes",
        "per payment of the series that decides the verdict, as of the last look; absent without payments.",
        lambda state: {(): state.growth_per.get(PAYMENTS.operation)},
    ),
    *_growth(
        "memtest_growth_per_operation",
        "bytes",
        "per operation other than a payment (a reconnect, a wallet's lifecycle, a failed payment) of the series that "
        "decides the verdict, as of the last look; absent where too few were done.",
        _per_operation,
        ("operation",),
    ),
    Metric(
        "memtest_judged_memory_growth_bytes_per_second",
        "gauge",
        "Growth of each series of memory that the verdict weighs, as of the last look: which side grows.",
        lambda subject: each(subject.state.memory_growth),
        ("driver", "series"),
    ),
    Metric(
        "memtest_judged_count_growth_per_second",
        "gauge",
        "Growth of each count that the verdict weighs (descriptors, threads), as of the last look.",
        lambda subject: each(subject.state.count_growth),
        ("driver", "series"),
    ),
    level(
        "memtest_memory_limit_reached_seconds",
        "Time until the memory limit is reached if the growth goes on, as of the last look; absent without a leak.",
        lambda subject: subject.state.memory_limit_in_seconds,
    ),
)
