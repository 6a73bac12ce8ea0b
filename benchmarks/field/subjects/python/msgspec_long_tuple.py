"""Decodes a tuple of more than 16 items: the buffer for the items was kept."""

import msgspec
from steady import steadily


class Row(msgspec.Struct):
    """What is decoded."""

    cells: tuple[int, ...]


DECODER = msgspec.msgpack.Decoder(type=Row)
DATA = msgspec.msgpack.encode(Row(cells=tuple(range(60))))

steadily(lambda: DECODER.decode(DATA))
