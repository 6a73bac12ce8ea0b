"""Decodes an extension type: its payload was kept."""

import msgspec
from steady import steadily

DATA = msgspec.msgpack.encode(msgspec.msgpack.Ext(5, b"x" * 900))

steadily(lambda: msgspec.msgpack.decode(DATA))
