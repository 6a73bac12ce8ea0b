"""Print the reference of the CSV, ``docs/csv.md``, from the catalogue of columns."""

from exporter.record.column import Column
from exporter.record.columns import WRITTEN

_HEAD = """# The CSV file

Look up what a column of the file means, its unit and where it comes from. `make docs` makes this page from the
catalogue of columns, `exporter/record/columns.py`.

One row per sample, one header line, comma-separated, no quotes; a cell is empty where the subject has no such figure or
the reading failed. Each row is on disk when the next sample starts. Counters count from the start of the run.

The plot script of the Go and the Rust memory test reads it as it does theirs, as long as every row has resident memory
and a heap: in a watch without a source of heaps, and in the row after the subject's end, such cells are empty.

A file that `exporter run` has written to its end begins and ends with a trimmed row: what is held before the first
payment, and after the last. Their resident memory is a level of its own, to be compared with each other. The row before
the last is at rest too, so that the two of them show what trimming has returned.

Files are only ever appended to. After a SIGKILL the last line may be incomplete; every other line is whole.

| column | unit | meaning |
|---|---|---|"""


def reference() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *map(_row, WRITTEN)])


def _row(column: Column) -> str:
    meaning = f"{column.meaning.removesuffix('.')}; {column.note}." if column.note else column.meaning
    return f"| `{column.name}` | {column.unit} | {meaning} |"


if __name__ == "__main__":
    print(reference())
