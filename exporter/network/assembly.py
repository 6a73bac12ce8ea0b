"""Everything behind the servers, put together once."""

import time
from collections.abc import Callable

from exporter.network.ledger.archive import Archive
from exporter.network.ledger.chain import Chain
from exporter.network.ledger.keys import random_scalar
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.tokens import TokenLedger
from exporter.network.ledger.user_requests import UserRequests
from exporter.network.parties.deposit_claims import DepositClaims
from exporter.network.parties.deposits import Deposits, DepositService
from exporter.network.parties.events import Events
from exporter.network.parties.faucet import Faucet
from exporter.network.parties.lightning import Lightning
from exporter.network.parties.messages import OperatorKeys
from exporter.network.parties.operators import SparkService
from exporter.network.parties.preimages import Preimages, PreimageService
from exporter.network.parties.sessions import Sessions
from exporter.network.parties.single_use_deposits import SingleUseDeposits
from exporter.network.parties.spark_invoices import SparkInvoiceService
from exporter.network.parties.ssp import ServiceProvider
from exporter.network.parties.tokens import TokenService
from exporter.network.parties.withdrawals import ExitService, Withdrawals
from exporter.network.servers.graphql.api import Api
from exporter.network.servers.graphql.deposits import StaticDeposits
from exporter.network.servers.graphql.exits import Exits
from exporter.network.servers.graphql.faucet import Funding
from exporter.network.servers.graphql.lightning import LightningPayments
from exporter.network.servers.graphql.requests import Requests
from exporter.network.servers.graphql.sign_in import SignIn
from exporter.network.servers.graphql.swaps import Swaps
from exporter.settings.network import ChainSettings


class Services:
    """The network without its servers.

    Args:
        archive: where everything goes that grows.
        settings: the chain's.
        now: the clock, in seconds since the epoch.
        loses_event: whether an event is lost this time, and its stream with it.
    """

    def __init__(
        self,
        archive: Archive,
        settings: ChainSettings | None = None,
        now: Callable[[], float] = time.time,
        loses_event: Callable[[], bool] | None = None,
    ) -> None:
        settings = settings or ChainSettings()
        self.operators = OperatorKeys((random_scalar(), random_scalar(), random_scalar()))
        self.events = Events(loses_event)
        self.ledger = Ledger(archive, now)
        self.chain = Chain(archive, settings.block_seconds, now)
        self.deposits = Deposits(self.chain, self.operators, settings.confirmations)
        self.preimages = Preimages(archive, self.ledger)
        self.requests = UserRequests(archive)
        self.spark = SparkService(self.ledger, archive, self.events, self.operators)
        self.single_use_deposits = SingleUseDeposits(
            self.chain, self.ledger, self.operators, self.spark.signers, self.events, settings.confirmations
        )
        self.provider = ServiceProvider(self.ledger, archive, self.spark)
        self.lightning = Lightning(self.provider, self.preimages, self.requests)
        self.locks = PreimageService(self.preimages, self.spark, self.lightning.held.settle)
        self.deposit_claims = DepositClaims(self.provider, self.deposits, self.requests)
        self.withdrawals = Withdrawals(self.provider, self.chain, self.requests)
        self.faucet = Faucet(self.provider, self.chain)
        self.token_ledger = TokenLedger(archive)
        self.tokens = TokenService(self.token_ledger, self.events, self.operators, now)
        self.spark_invoices = SparkInvoiceService(self.ledger, self.token_ledger)

    @property
    def spark_services(self) -> tuple[object, ...]:
        """What implements the methods of `spark.SparkService`."""
        return (
            self.spark,
            self.spark_invoices,
            self.locks,
            DepositService(self.deposits, self.spark.signers),
            self.single_use_deposits,
            ExitService(self.spark),
        )

    def api(self) -> Api:
        """The provider's GraphQL."""
        sessions = Sessions(self.ledger.now)
        return Api(
            sessions,
            SignIn(sessions),
            Swaps(self.provider),
            LightningPayments(self.lightning),
            StaticDeposits(self.deposit_claims),
            Exits(self.withdrawals),
            Requests(self.requests),
            Funding(self.faucet),
        )

    def give_back_stale(self) -> None:
        """Undo what was locked for a payment or swap that nobody will finish."""
        self.lightning.held.give_back_expired()
        self.preimages.give_back_expired()
        self.lightning.give_back_unasked()
