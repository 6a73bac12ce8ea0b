"""Makes an executor that throttles, uses it and drops it: its thread went on."""

from concurrent.futures import wait

from more_executors import Executors
from steady import steadily


def use() -> None:
    """Some work, and the executor is gone."""
    executor = Executors.sync().with_throttle(2)
    wait([executor.submit(int, number) for number in range(3)])


steadily(use)
