"""Addresses that money can be sent to on the local network."""

from embit import bech32
from google.protobuf.message import DecodeError

from exporter.network.errors import Invalid
from exporter.network.proto import spark_pb2

_SPARK_PREFIXES = ("sparkrt", "sprt")


def spark_identity(address: str) -> bytes:
    """The identity key in a Spark address of the regtest network; raises Invalid if it is none."""
    encoding, prefix, data = bech32.bech32_decode(address)
    if encoding != bech32.Encoding.BECH32M or prefix not in _SPARK_PREFIXES:
        raise Invalid(f"{address!r} is not a Spark address of the regtest network")
    try:
        payload = bytes(bech32.convertbits(data, 5, 8, False))
        identity = spark_pb2.SparkAddress.FromString(payload).identity_public_key
    except (DecodeError, TypeError) as error:
        raise Invalid(f"{address!r} is not a Spark address") from error
    if len(identity) != 33:
        raise Invalid(f"{address!r} holds no identity key")
    return identity
