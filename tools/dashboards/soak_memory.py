"""What *Soak run* shows of memory: levels, slopes, and growth per payment."""

from tools.dashboards.panels import Panel, level, slope, stacked
from tools.dashboards.queries import of_run, plain, said, select, threshold

RESIDENT = threshold("MemtestResidentMemoryGrowing")
PER_PAYMENT = threshold("MemtestGrowthPerPayment")


def memory() -> list[Panel]:
    return [
        level(
            "Resident memory",
            f"Resident: {said('memtest_resident_memory_bytes')} Unique: {said('memtest_unique_memory_bytes')}",
            "bytes",
            plain("memtest_resident_memory_bytes", "{{driver}} resident"),
            plain("memtest_unique_memory_bytes", "{{driver}} unique"),
            plain("memtest_descendant_resident_memory_bytes", "{{driver}} of it {{process}}"),
            plain("memtest_cgroup_memory_bytes", "{{driver}} its control group {{part}}"),
        ),
        stacked("Heaps", said("memtest_heap_bytes"), "bytes", plain("memtest_heap_bytes", "{{driver}} {{heap}}")),
        level(
            "Heaps at rest",
            said("memtest_settled_heap_bytes"),
            "bytes",
            plain("memtest_settled_heap_bytes", "{{driver}} {{heap}}"),
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
            plain("memtest_allocator_bytes", "{{driver}} {{part}}"),
        ),
        level(
            "Collected objects",
            said("memtest_gc_objects"),
            "short",
            plain("memtest_gc_objects"),
        ),
        slope(
            "Growth as judged",
            said("memtest_growth_bytes_per_second"),
            "binBps",
            plain("memtest_growth_bytes_per_second", "{{driver}} {{series}}"),
            plain("memtest_growth_lower_bytes_per_second", "{{driver}} {{series}} at least"),
            plain("memtest_growth_upper_bytes_per_second", "{{driver}} {{series}} at most"),
        ),
        slope(
            "Growth",
            "Slope over half an hour of the floors under load, and of the heaps at rest; the line is the alert's.",
            "binBps",
            plain("driver:memtest_resident_memory_bytes:deriv30m", "{{driver}} resident"),
            plain("driver:memtest_heap_bytes:deriv30m", "{{driver}} heaps"),
            plain("driver:memtest_settled_heap_bytes:deriv30m", "{{driver}} heaps at rest"),
            alarm=RESIDENT,
        ),
        slope(
            "Rise in ten minutes",
            "How much each floor rose in the last ten minutes: a leak rises in all of them, a step in one.",
            "bytes",
            plain("driver:memtest_resident_memory_bytes:rise10m", "{{driver}} resident"),
            plain("driver:memtest_heap_bytes:rise10m", "{{driver}} heaps"),
            plain("driver:memtest_settled_heap_bytes:rise10m", "{{driver}} heaps at rest"),
        ),
    ]


def per_payment() -> list[Panel]:
    resident = select("driver:memtest_resident_memory_bytes:deriv30m")
    payments = select("driver:memtest_payments:rate5m")
    return [
        slope(
            "Growth per payment",
            "Bytes that each payment leaves in the heaps at rest; the line is where the alert fires.",
            "bytes",
            plain("driver:memtest_settled_heap_bytes:growth_per_payment30m"),
            alarm=PER_PAYMENT,
        ),
        slope(
            "Resident growth per payment",
            "Growth of resident memory divided by the rate of payments.",
            "bytes",
            (of_run(f"{resident} / ({payments} > 0)"), "{{driver}}"),
        ),
    ]
