"""A share of the payments, evenly spread."""


class Share:
    """Which payments belong to a share, of all that it is asked about."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._asked = 0

    def turn(self) -> int | None:
        """Which of its payments the next one is, counted from 0; None if it is none of them.

        Of the first n payments, the whole part of n times the share belong to it.
        """
        before, after = int(self._asked * self._share), int((self._asked + 1) * self._share)
        self._asked += 1
        return before if after > before else None
