"""The faucet: money from nowhere, to a Spark address at once, to a Bitcoin address by way of the chain."""

from exporter.network.ledger import addresses
from exporter.network.ledger.chain import Chain
from exporter.network.ledger.errors import Invalid
from exporter.network.parties.ssp import ServiceProvider

MAX_SATS = 50_000  # as the hosted faucet's


class Faucet:
    """Funds wallets."""

    def __init__(self, provider: ServiceProvider, chain: Chain) -> None:
        self._provider = provider
        self._chain = chain

    def fund(self, address: str, sats: int) -> str:
        """Send sats to an address; the transaction's id.

        Raises:
            Invalid: the amount is out of range, or the address is none of the regtest network.
        """
        if not 0 < sats <= MAX_SATS:
            raise Invalid(f"want an amount from 1 to {MAX_SATS} sats, not {sats}")
        if addresses.is_bitcoin(address):
            return self._chain.pay(address, sats).txid
        return self._provider.fund(addresses.spark_identity(address), sats).row.id.replace("-", "")
