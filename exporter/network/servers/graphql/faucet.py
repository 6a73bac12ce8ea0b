"""The faucet, as on the hosted network."""

from typing import Any

from exporter.network.ledger.errors import NotAuthenticated
from exporter.network.parties.faucet import Faucet
from exporter.network.servers.graphql.values import Json


class Funding:
    """Money for whoever knows the password, if there is one."""

    def __init__(self, faucet: Faucet) -> None:
        self._faucet = faucet

    def request_regtest_funds(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        if not info.context.may_fund:
            raise NotAuthenticated("the faucet needs a user name and a password")
        return {"transaction_hash": self._faucet.fund(input["address"], input["amount_sats"])}
