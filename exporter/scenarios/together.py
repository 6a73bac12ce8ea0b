"""Several things at once.

asyncio is imported where they are done: the analysis, which only knows of the scenarios, has no use for it.
"""

from collections.abc import Coroutine, Iterable
from typing import Any


async def together(works: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Do several things at once; the first error cancels the others and is raised."""
    import asyncio

    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def each_to_its_end(works: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Do several things at once; the first error is raised once all have ended, as they leave something behind."""
    import asyncio

    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
