"""Samples of one subject: taken from probes and state, stored in the CSV, shown on the console."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from exporter.record.csv_file import CsvSink
from exporter.record.probes import PROBES, Counts, count_probes, read_counts, read_probes
from exporter.record.probes.descriptor_kinds import KINDS
from exporter.record.sample import HEAPS, Sample, heap_column
from exporter.record.state import SubjectState

_log = logging.getLogger(__name__)


class Sampler:
    """Takes the samples of one subject, one at a time.

    ``elapsed`` gives the seconds since the start of the load; ``on_sample`` gets every sample, stored or not.
    """

    def __init__(
        self,
        state: SubjectState,
        sink: CsvSink,
        elapsed: Callable[[], float],
        on_sample: Callable[[Sample], None],
    ) -> None:
        self._state = state
        self._sink = sink
        self._elapsed = elapsed
        self._on_sample = on_sample
        self._one_at_a_time = asyncio.Lock()
        self._count_probes = count_probes()
        self._failing: set[str] = set()

    async def take(self, *, settled: bool = False, trimmed: bool = False) -> None:
        """Read every probe, and wait until the row is on disk; what fails is counted and logged, never raised."""
        async with self._one_at_a_time:
            # Some of what is counted takes the kernel a while; payments and scrapes go on meanwhile.
            counts = await asyncio.to_thread(read_counts, self._count_probes, self._state.pid)
            sample = self._read(settled, trimmed, counts)
            await self._store(sample)
            # A trimmed one is for its likes only, and the first of them comes before the load.
            if not trimmed:
                self._state.last_sample = sample
                self._state.last_settled = sample if settled else self._state.last_settled
            self._on_sample(sample)

    def _read(self, settled: bool, trimmed: bool, counts: Counts) -> Sample:
        state, load = self._state, self._state.load
        heaps = state.heap_bytes if state.up else {}
        reading = read_probes(PROBES, state.pid, state.others)
        self._note(counts, {**reading.failures, **counts.failures})
        rss, heap = reading.values["rss_bytes"], sum(heaps.values()) if heaps and not state.unreadable_heaps else None
        return Sample(
            timestamp=datetime.now(UTC),
            elapsed_sec=self._elapsed(),
            rss_bytes=rss,
            heap_allocated_bytes=heap,
            uss_bytes=reading.values["uss_bytes"],
            threads=reading.values["threads"],
            open_fds=reading.values["open_fds"],
            payments=load.payments.total(),
            payment_failures=load.failures.total(),
            listeners=load.listeners,
            instances=load.instances,
            reconnects=load.reconnects,
            abandoned_instances=load.abandoned_instances,
            listener_churns=load.listener_churns,
            syncs=load.syncs,
            history_queries=load.history_queries,
            garbage_collections=load.garbage_collections,
            expected_failures=load.expected_failures.total(),
            phase=state.phase,
            settled=int(settled),
            beyond_heaps_bytes=None if rss is None or heap is None else rss - heap,
            gc_objects=state.objects if settled else None,
            restarts=state.restarts,
            trimmed=int(trimmed),
            load_phase=state.load_phase,
            **{heap_column(heap): heaps.get(heap) for heap in HEAPS},
            **_parts(state),
        )

    def _note(self, counts: Counts, failures: Mapping[str, str]) -> None:
        """Keep what was counted as the subject's latest, and log each probe when it begins to fail."""
        state = self._state
        state.descriptors = dict(counts.by_probe.get("descriptor_kinds", {}))
        state.named_threads = dict(counts.by_probe.get("thread_names", {}))
        state.sockets = dict(counts.by_probe.get("socket_states", {}))
        names = [*(probe.name for probe in PROBES), *(probe.name for probe in self._count_probes)]
        state.probe_success = {name: name not in failures for name in names}
        if state.up:
            for probe in failures.keys() - self._failing:
                _log.warning("probe %s of %s failed: %s", probe, state.driver, failures[probe])
            self._failing = set(failures)

    async def _store(self, sample: Sample) -> None:
        try:
            # A disk may take seconds for this; the payments and the scrapes go on meanwhile.
            news = await asyncio.to_thread(self._sink.write, sample)
        except OSError as error:
            if self._state.csv_errors == 0:
                _log.warning(
                    "a sample could not be written to the CSV: %s; the run goes on, "
                    "and memtest_csv_errors_total counts the samples that are lost",
                    error.strerror or error,
                )
            self._state.csv_errors += 1
        else:
            self._state.samples_written += 1
            if news:
                if self._state.csv_mishaps == 0:
                    _log.warning("%s", news)
                self._state.csv_mishaps += 1


def _parts(state: SubjectState) -> dict[str, int | None]:
    """The cells of the allocator, the garbage collector, descriptors by kind and sockets by state."""
    if not state.up:
        return {}
    held = ("arena", "free", "active", "resident", "retained")
    return {
        **{f"allocator_{part}_bytes": state.allocator_bytes.get(part) for part in held},
        "gc_collections": state.collections,
        **{f"fds_{kind}": state.descriptors.get(kind) for kind in KINDS},
        **{f"sockets_{name}": state.sockets.get(name) for name in ("established", "close_wait")},
    }
