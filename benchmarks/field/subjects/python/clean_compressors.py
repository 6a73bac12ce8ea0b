"""Compresses for 120 peers, each of which has a context of its own from its first message to its last."""

import random
import zlib

from steady import steadily

RANDOM = random.Random(23)
PEERS = 120
CONTEXTS: dict[int, "zlib._Compress"] = {}


def send() -> None:
    """One message to a peer; rarely, the last one."""
    peer = int(RANDOM.triangular(0, PEERS, 0))
    context = CONTEXTS.setdefault(peer, zlib.compressobj())
    context.compress(RANDOM.randbytes(2000))
    context.flush(zlib.Z_SYNC_FLUSH)
    if RANDOM.random() < 0.002:
        del CONTEXTS[peer]


steadily(send)
