"""The words for a run's state that go into records, metrics and texts: one spelling each (docs/glossary.md)."""

from enum import StrEnum


class Phase(StrEnum):
    """What a subject's run is doing; the verdict is on what happens while it is running."""

    STARTING = "starting"
    CONNECTING = "connecting"
    FUNDING = "funding"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Verdict(StrEnum):
    """The three things that a run can show."""

    LEAK = "leak"
    NO_LEAK = "no leak"
    INCONCLUSIVE = "inconclusive"
