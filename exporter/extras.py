"""The extras of this package: what a plain installation does without, and the command that adds it."""

import re
from collections.abc import Mapping

from exporter import DISTRIBUTION


def missing(extra: str) -> list[str]:
    """The packages that an extra adds and that are not installed here.

    What an extra adds is read from the metadata of this package's installation; without any, nothing counts as missing.
    """
    from importlib import metadata  # 40 ms, which --help does without

    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    of_extra = re.compile(rf"extra == ['\"]{re.escape(extra)}['\"]")
    names = [re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in required if of_extra.search(each)]
    return [name for name in names if next(iter(metadata.distributions(name=name)), None) is None]


def complaint(needs: Mapping[str, str]) -> str | None:
    """What to say to somebody who lacks some of these extras, each with what needs it; None if all are there."""
    lacking = [extra for extra in needs if missing(extra)]
    if not lacking:
        return None
    names = list(dict.fromkeys(needs[extra] for extra in lacking))
    verb = "needs" if len(names) == 1 else "need"
    return f"{' and '.join(names)} {verb} what is not installed here: {command(*lacking)}"


def command(*extras: str) -> str:
    """What to type to install extras."""
    return f"pip install '{DISTRIBUTION}[{','.join(extras)}]'"
