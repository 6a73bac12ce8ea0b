"""What *Soak run* shows of memory: which side grows, levels, and raw slopes."""

from tools.dashboards.panels import NOT_JUDGED, VERDICT_MAPPING, Panel, bars, level, slope, stacked, states
from tools.dashboards.queries import (
    KIB_PER_MINUTE,
    age,
    judged_growth_per_operation,
    of_run,
    plain,
    said,
    select,
    verdict_code,
)

_PER_MINUTE = " * 60"


def sides() -> list[Panel]:
    memory = select("memtest_judged_memory_growth_bytes_per_second", 'series!="heap_allocated"') + " * 60 / 1024"
    counts = select("memtest_judged_count_growth_per_second") + _PER_MINUTE
    return [
        bars(
            "Growth by heap",
            "Growth of each part of memory as the verdict judged it: the longest bar is where to look. "
            f"{said('memtest_judged_memory_growth_bytes_per_second')}",
            KIB_PER_MINUTE,
            (of_run(memory), "{{series}} of {{driver}}"),
            span=12,
            missing=NOT_JUDGED,
        ),
        bars(
            "Growth of counts",
            said("memtest_judged_count_growth_per_second"),
            "suffix:/min",
            (of_run(counts), "{{series}} of {{driver}}"),
            span=12,
            missing=NOT_JUDGED,
        ),
        level(
            "Resident memory",
            said("memtest_resident_memory_bytes"),
            "bytes",
            plain("memtest_resident_memory_bytes", "resident of {{driver}}"),
        ),
        level(
            "Heaps at rest",
            said("memtest_settled_heap_bytes"),
            "bytes",
            plain("memtest_settled_heap_bytes", "{{heap}} heap of {{driver}}"),
        ),
    ]


def memory() -> list[Panel]:
    share = of_run(
        f"{select('memtest_resident_memory_bytes')} "
        f"/ on (job, instance) group_left () {select('memtest_memory_limit_bytes')}"
    )
    return [
        stacked(
            "Heaps", said("memtest_heap_bytes"), "bytes", plain("memtest_heap_bytes", "{{heap}} heap of {{driver}}")
        ),
        level(
            "Unique memory, processes and control group",
            f"{said('memtest_unique_memory_bytes')} Processes: {said('memtest_descendant_resident_memory_bytes')} "
            f"Control group: {said('memtest_cgroup_memory_bytes')}",
            "bytes",
            plain("memtest_unique_memory_bytes", "unique of {{driver}}"),
            plain("memtest_descendant_resident_memory_bytes", "process {{process}} of {{driver}}"),
            plain("memtest_cgroup_memory_bytes", "control group's {{part}} of {{driver}}"),
        ),
        level(
            "Resident outside the heaps",
            said("memtest_beyond_heaps_bytes"),
            "bytes",
            plain("memtest_beyond_heaps_bytes"),
        ),
        stacked(
            "Allocator",
            said("memtest_allocator_bytes"),
            "bytes",
            plain("memtest_allocator_bytes", "{{part}} of {{driver}}"),
        ),
        level("Collected objects", said("memtest_gc_objects"), "short", plain("memtest_gc_objects")),
        level(
            "Share of the limit",
            "Resident memory as a share of what the container or the machine has.",
            "percentunit",
            (share, "{{driver}}"),
        ),
        level(
            "Time until the memory limit",
            said("memtest_memory_limit_reached_seconds"),
            "dtdurations",
            plain("memtest_memory_limit_reached_seconds"),
        ),
        level(
            "What one more instance takes",
            f"{said('memtest_instance_heap_bytes')} {said('memtest_instance_resident_memory_bytes')}",
            "bytes",
            plain("memtest_instance_heap_bytes", "heap of {{driver}}"),
            plain("memtest_instance_resident_memory_bytes", "resident of {{driver}}"),
        ),
        states(
            "Verdict over time",
            "The verdict as it stood; it is computed once a minute.",
            VERDICT_MAPPING,
            (verdict_code(), "{{run}}"),
        ),
        level(
            "Age of the verdict",
            said("memtest_verdict_timestamp_seconds"),
            "s",
            (age("memtest_verdict_timestamp_seconds"), "{{run}}"),
        ),
    ]


def slopes() -> list[Panel]:
    resident = select("driver:memtest_resident_memory_bytes:deriv30m")
    payments = select("driver:memtest_payments:rate5m")
    kib_per_minute = {
        legend: of_run(select(f"driver:memtest_{name}:deriv30m") + " * 60 / 1024")
        for legend, name in (
            ("resident", "resident_memory_bytes"),
            ("heaps", "heap_bytes"),
            ("heaps at rest", "settled_heap_bytes"),
        )
    }
    return [
        slope(
            "Raw growth",
            "Slope over half an hour, or over what there is of it, of the floors under load. It is no verdict.",
            KIB_PER_MINUTE,
            *((expression, f"{legend} of {{{{driver}}}}") for legend, expression in kib_per_minute.items()),
        ),
        slope(
            "Rise in ten minutes",
            "How much each floor rose in the last ten minutes: a leak rises in all of them, a step in one. "
            "There is none before minute 20.",
            "bytes",
            plain("driver:memtest_resident_memory_bytes:rise10m", "resident of {{driver}}"),
            plain("driver:memtest_heap_bytes:rise10m", "heaps of {{driver}}"),
            plain("driver:memtest_settled_heap_bytes:rise10m", "heaps at rest of {{driver}}"),
        ),
        slope(
            "Raw growth per payment",
            "Slope of the heaps at rest, and of resident memory, divided by the rate of payments.",
            "bytes",
            plain("driver:memtest_settled_heap_bytes:growth_per_payment30m", "heaps at rest of {{driver}}"),
            (of_run(f"{resident} / ({payments} > 0)"), "resident of {{driver}}"),
        ),
        slope(
            "Growth as judged",
            said("memtest_growth_bytes_per_second"),
            KIB_PER_MINUTE,
            *(
                (of_run(select(f"memtest_growth{bound}_bytes_per_second") + " * 60 / 1024"), legend)
                for bound, legend in (
                    ("", "{{series}} of {{driver}}"),
                    ("_lower", "at least"),
                    ("_upper", "at most"),
                )
            ),
        ),
        slope(
            "Growth per operation as judged",
            "What the verdict judged, divided by what else was done: reconnects, wallet lifecycles, failed payments.",
            "bytes",
            (judged_growth_per_operation(), "{{driver}} per {{operation}} {{bound}}"),
        ),
    ]
