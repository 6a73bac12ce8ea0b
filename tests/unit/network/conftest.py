"""A network without servers for every test of one."""

from collections.abc import Iterator

import pytest
from mini_wallet import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()
