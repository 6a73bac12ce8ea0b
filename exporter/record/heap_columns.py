"""The columns of the heaps that a subject may tell of; together they are the column of the heap."""

from exporter.record.column import Column, Group, Series, Unit, told


def heap_column(heap: str) -> str:
    """The name of a heap's column."""
    return f"heap_{heap}_bytes"


def _heap(name: str, title: str, meaning: str, label: str, side: str, whose: str) -> Column:
    """One of the heaps that a subject may tell of, each of its own."""
    return Column(
        heap_column(name),
        Unit.BYTES,
        meaning,
        told(lambda state: state.heap_bytes.get(name)),
        title=title,
        group=Group.HEAPS,
        series=Series.PART,
        label=label,
        part=label.removeprefix("the "),
        side=side,
        whose=whose,
    )


_HEAPS = (
    (
        "python",
        "Python heap",
        "What Python's allocator has handed out.",
        "the Python heap",
        "on the Python side",
        "the binding: what grows is Python's heap",
    ),
    (
        "go",
        "Go heap",
        "What Go's allocator has handed out (HeapAlloc), garbage included.",
        "the Go heap",
        "on the Go side",
        "the binding: what grows is Go's heap",
    ),
    (
        "node",
        "JavaScript heap",
        "What V8's heap holds.",
        "the JavaScript heap",
        "on the JavaScript side",
        "the binding: what grows is JavaScript's heap",
    ),
    (
        "node_external",
        "V8's external memory",
        "What V8 counts beside its heap: buffers, code.",
        "V8's external memory",
        "in V8's external memory",
        "the binding: what grows is what V8 counts beside its heap",
    ),
    (
        "wasm",
        "WebAssembly memory",
        "What the SDK's module has asked for; it never shrinks.",
        "WebAssembly memory",
        "in WebAssembly memory",
        "the SDK's core: what grows is WebAssembly memory",
    ),
    (
        "jvm",
        "JVM heap",
        "What a JVM's heap holds: by its agent what a collection has left, else garbage included.",
        "the JVM heap",
        "on the JVM side",
        "the binding: what grows is the JVM's heap",
    ),
    (
        "native",
        "Native heap",
        "What malloc has handed out: the SDK's core and its libraries.",
        "the native heap",
        "on the native side",
        "the SDK's core, or the binding's native side: what grows is malloc's heap",
    ),
    (
        "mmap",
        "Large native blocks",
        "What malloc has mapped apart, block by block.",
        "mapped memory",
        "in mapped memory",
        "the SDK's core, or the binding's native side: what grows is what malloc maps block by block",
    ),
)
# By name.
HEAPS = {each[0]: _heap(*each) for each in _HEAPS}
