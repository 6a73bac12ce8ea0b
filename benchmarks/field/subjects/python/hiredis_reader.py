"""Makes readers that call back a method of their owner, as a client does for each connection: a cycle nobody saw."""

import hiredis
from steady import steadily


class Parser:
    """The owner of a reader."""

    def __init__(self) -> None:
        self.reader = hiredis.Reader(replyError=self.error)
        self.buffer = bytearray(400)

    def error(self, text: str) -> Exception:
        """What a reply that is an error becomes."""
        return ValueError(text)


steadily(Parser)
