"""Copies a raw message: the copy was never released."""

import msgspec
from steady import steadily

DECODER = msgspec.msgpack.Decoder(type=msgspec.Raw)
DATA = msgspec.msgpack.encode(b"x" * 700)

steadily(lambda: DECODER.decode(DATA).copy())
