"""Takes values out of headers: what was deleted was not released."""

from multidict import CIMultiDict
from steady import steadily


def take_out() -> None:
    """Fill headers and empty them."""
    headers = CIMultiDict({f"X-Header-{index}": "v" * 40 + str(index) for index in range(10)})
    for index in range(10):
        headers.pop(f"X-Header-{index}")


steadily(take_out)
