"""Dumps what its helper refuses: the error, with what it was raised from, was never let go."""

from contextlib import suppress

import orjson
from steady import steadily


def refuse(_: object) -> object:
    """A helper that knows no such type, and says so by another error than it met."""
    raise NotImplementedError


def dump() -> None:
    """One dump, which fails."""
    with suppress(orjson.JSONEncodeError):
        orjson.dumps({"value": object()}, default=refuse)


steadily(dump)
