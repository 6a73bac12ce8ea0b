"""Reads integers of more than 64 bits: the copy of the digits was never freed."""

import ujson
from steady import steadily

TEXT = "9" * 600

steadily(lambda: ujson.loads(TEXT))
