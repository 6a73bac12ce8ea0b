"""Object storage for the files of cells, below ``URL/JOB`` as in the directory of a matrix.

The server's address and the credentials come from the environment or from Amazon's files: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from exporter.checked import printable
from exporter.errors import ConfigError
from exporter.extras import complaint
from exporter.fleet.cells import Cell
from exporter.fleet.workspace import CSV, LOG, PLAN, REPORT, RESULT, VERDICT, Workspace

# The result comes last: with it, a cell is whole.
_FETCHED = (CSV, LOG, REPORT, VERDICT, RESULT)


def put(workspace: Workspace, cell: Cell, url: str) -> None:
    """Copy the plan, and the files of a cell, below a URL as ``s3://bucket/prefix``; raises what the library does."""
    storage, place = _open(), _key(url)
    storage.put_file(str(workspace.directory / PLAN), f"{place}/{PLAN}")
    for file in sorted(each for each in workspace.place(cell).iterdir() if each.is_file()):
        storage.put_file(str(file), f"{place}/cells/{cell.number}/{file.name}")


def read_plan_file(url: str) -> bytes:
    """The file of the plan whose cells are below a URL; raises ConfigError."""
    with _complaining(url):
        found: bytes = _open().cat_file(f"{_key(url)}/{PLAN}")
    return found


def fetch(workspace: Workspace, url: str, tell: Callable[[str], None]) -> None:
    """Copy the files of the cells that have ended from below a URL; what is whole here is not copied again.

    ``tell`` is told how far it is. Raises ConfigError.
    """
    with _complaining(url):
        storage, top = _open(), f"{_key(url)}/cells"
        kept = set(storage.find(top))
        for cell in workspace.cells:
            names = [name for name in _FETCHED if f"{top}/{cell.number}/{name}" in kept]
            if RESULT not in names or workspace.is_done(cell):
                continue
            tell(f"Fetching the files of cell {cell.number}")
            place = workspace.place(cell)
            place.mkdir(parents=True, exist_ok=True)
            for name in names:
                storage.get_file(f"{top}/{cell.number}/{name}", str(place / name))


def _open() -> Any:
    if lacking := complaint({"s3": "object storage"}):
        raise ConfigError(lacking)
    import s3fs

    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


def _key(url: str) -> str:
    return url.removeprefix("s3://").rstrip("/")


@contextlib.contextmanager
def _complaining(url: str) -> Iterator[None]:
    """Say what is wrong with object storage in a sentence."""
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except FileNotFoundError:
        raise ConfigError(f"fetch is {url}, where there is no {PLAN}: name the directory of a Job") from None
    except (OSError, BotoCoreError) as error:
        raise ConfigError(
            f"fetch is {url}, which can't be read ({printable(str(error), 200)}): see that AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL are those of the cells"
        ) from None
