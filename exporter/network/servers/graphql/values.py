"""How values look in GraphQL."""

import base64
import binascii
import datetime
from typing import Any

from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.leaves import Transfer

NETWORK = "REGTEST"

Json = dict[str, Any]


def sats(value: int) -> Json:
    """An amount."""
    return {
        "original_value": value,
        "original_unit": "SATOSHI",
        "preferred_currency_unit": "SATOSHI",
        "preferred_currency_value_rounded": value,
        "preferred_currency_value_approx": float(value),
    }


def transfer(of: Transfer) -> Json:
    """A transfer, without the request that it belongs to."""
    return transfer_of(of.row.id, of.row.value)


def transfer_of(transfer_id: str, value: int, user_request: Json | None = None) -> Json:
    """A transfer by its id and value in sats, with the request that it belongs to."""
    return {"total_amount": sats(value), "spark_id": transfer_id, "user_request": user_request}


def time(seconds: float) -> str:
    """Seconds since the epoch as a date and time."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def from_hex(text: str, name: str) -> bytes:
    """Raises Invalid."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Invalid(f"{name} is not hexadecimal") from error


def to_base64(raw: bytes) -> str:
    """For addresses on the web, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64(text: str, name: str) -> bytes:
    """Raises Invalid."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"{name} is not base64") from error
