"""Everything behind the servers, put together once."""

import time
from collections.abc import Callable

from exporter.network.archive import Archive
from exporter.network.chain import Chain
from exporter.network.deposit_claims import DepositClaims
from exporter.network.deposits import Deposits, DepositService
from exporter.network.events import Events
from exporter.network.faucet import Faucet
from exporter.network.graphql.api import Api
from exporter.network.graphql.deposits import StaticDeposits
from exporter.network.graphql.faucet import Funding
from exporter.network.graphql.lightning import LightningPayments
from exporter.network.graphql.requests import Requests
from exporter.network.graphql.sign_in import SignIn
from exporter.network.graphql.swaps import Swaps
from exporter.network.keys import random_scalar
from exporter.network.ledger import Ledger
from exporter.network.lightning import Lightning
from exporter.network.messages import OperatorKeys
from exporter.network.operators import SparkService
from exporter.network.preimages import Preimages, PreimageService
from exporter.network.sessions import Sessions
from exporter.network.ssp import ServiceProvider
from exporter.network.user_requests import UserRequests
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
        self.provider = ServiceProvider(self.ledger, archive, self.spark)
        self.lightning = Lightning(self.provider, self.preimages, self.requests)
        self.deposit_claims = DepositClaims(self.provider, self.deposits, self.requests)
        self.faucet = Faucet(self.provider, self.chain)

    @property
    def spark_services(self) -> tuple[object, ...]:
        """What implements the methods of `spark.SparkService`."""
        return self.spark, PreimageService(self.preimages, self.spark), DepositService(self.deposits)

    def api(self) -> Api:
        """The provider's GraphQL."""
        sessions = Sessions(self.ledger.now)
        return Api(
            sessions,
            SignIn(sessions),
            Swaps(self.provider),
            LightningPayments(self.lightning),
            StaticDeposits(self.deposit_claims),
            Requests(self.requests),
            Funding(self.faucet),
        )

    def give_back_stale(self) -> None:
        """Undo what was locked for a payment or swap that nobody will finish."""
        self.preimages.give_back_expired()
        self.lightning.give_back_unasked()
