"""The faucet that funds a run's wallets."""

from dataclasses import dataclass, field
from typing import Literal

HOSTED_FAUCET_URL = "https://api.lightspark.com/graphql/spark/rc"


@dataclass(frozen=True, slots=True)
class FaucetSettings:
    """Where to ask for money, and as whom; the credentials never show in a repr."""

    url: str = HOSTED_FAUCET_URL
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    address: Literal["bitcoin", "spark"] = "bitcoin"  # kind of address that the money is sent to
