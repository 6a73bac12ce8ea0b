"""What a program prints is passed on whole, and a reader that reads no more holds up nobody."""

import os
import time

from exporter.watch.relay import Relay


def test_all_is_passed_on_in_order() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as stream:
        relay = Relay(stream)
        for number in range(40):
            relay.pass_on(b"%d," % number)
        relay.close()
    with os.fdopen(reader, "rb") as output:
        assert output.read() == b"".join(b"%d," % number for number in range(40))


def test_a_reader_that_reads_no_more_or_is_gone_holds_up_nobody() -> None:
    for gone in (False, True):
        reader, writer = os.pipe()
        if gone:
            os.close(reader)
        began = time.monotonic()
        relay = Relay(os.fdopen(writer, "wb"))
        for _ in range(1000):
            relay.pass_on(bytes(65536))
        relay.close()
        assert time.monotonic() - began < 30
