"""What a heap dump says: how much is held, and by which code it was allocated."""

from dataclasses import dataclass

from exporter.heaps.frames import Frame


@dataclass(frozen=True, slots=True)
class Site:
    """Code that allocates: its frames, innermost first, and the heap that it takes from: python, native, go or node.

    V8 doesn't record which code allocates: there a site is a kind of objects.
    """

    heap: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a site holds, or has come to hold: bytes and blocks."""

    size: int
    blocks: int

    def __add__(self, other: "Held") -> "Held":
        return Held(self.size + other.size, self.blocks + other.blocks)


NOTHING = Held(0, 0)
