"""Makes headers with new names: the case-insensitive name was never released."""

from multidict import CIMultiDict
from steady import steadily


def copy() -> None:
    """Copy headers one by one."""
    result: CIMultiDict[str] = CIMultiDict()
    for name, value in CIMultiDict({f"X-Any-{index}": str(index) for index in range(10)}).items():
        result.add(name, value)


steadily(copy)
