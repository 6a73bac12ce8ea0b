"""The faucet that funds wallets: a GraphQL mutation over HTTP, the same one locally and on the hosted network."""

import asyncio
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.util.retry import Retry

from exporter.checked import UnreadableError, json_object, printable
from exporter.errors import LoadError
from exporter.processes.daemon_threads import in_daemon_thread
from exporter.settings.faucet import FaucetSettings
from exporter.timed_requests import TimedSession, read_body

REQUESTS_AT_ONCE = 2
TIMEOUT_SECONDS = 30.0  # of each try, without an answer
LONGEST_SECONDS = 180.0  # with all tries, and the pauses between
MAX_ANSWER_BYTES = 1 << 20
RETRIES = 2  # after the first try
RETRY_STATUSES = (429, 500, 502, 503, 504)

_MUTATION = """mutation RequestRegtestFunds($address: String!, $amount_sats: Long!) {
  request_regtest_funds(input: {address: $address, amount_sats: $amount_sats}) { transaction_hash }
}"""


class FaucetError(LoadError):
    """The faucet gave no money: says what it answered and what to do, never with the credentials."""


class FaucetClient:
    """Asks a faucet for money, at most two requests at once, each tried again when that can help."""

    def __init__(
        self,
        settings: FaucetSettings,
        *,
        timeout: float = TIMEOUT_SECONDS,
        backoff: float = 1.0,
        longest: float = LONGEST_SECONDS,
    ) -> None:
        self._settings = settings
        self._timeout, self._longest = timeout, longest
        self._retry = Retry(
            total=RETRIES,
            status_forcelist=RETRY_STATUSES,
            allowed_methods={"POST"},
            backoff_factor=backoff,
            backoff_max=30,
            retry_after_max=30,
            raise_on_status=False,
        )
        self._at_once = asyncio.Semaphore(REQUESTS_AT_ONCE)
        parts = urlsplit(settings.url)
        self._name = f"the faucet at {parts.scheme}://{parts.hostname}"

    async def fund(self, address: str, amount_sats: int) -> str:
        """Have ``amount_sats`` sent to ``address``; the transaction's hash. Raises FaucetError."""
        async with self._at_once:
            return await in_daemon_thread(lambda: self._request(address, amount_sats), "faucet")

    def _request(self, address: str, amount_sats: int) -> str:
        variables = {"address": address, "amount_sats": amount_sats}
        body = {"operationName": "RequestRegtestFunds", "query": _MUTATION, "variables": variables}
        auth = (self._settings.username, self._settings.password or "") if self._settings.username else None
        with TimedSession(self._longest, self._retry) as session:
            try:
                response = session.post(self._settings.url, json=body, auth=auth, timeout=self._timeout, stream=True)
                content = read_body(response, MAX_ANSWER_BYTES)
            except OSError as error:
                why = _why(error, self._timeout)
            else:
                why = ""
            if session.over:
                why = f"has not answered as a whole within {self._longest:g} s; try again later"
        if why:
            raise FaucetError(f"{self._name} {why}")
        return self._transaction(response, content)

    def _transaction(self, response: requests.Response, content: bytes) -> str:
        if response.status_code in (401, 403):
            raise FaucetError(
                f"{self._name} refused with {response.status_code}; check FAUCET_USERNAME and FAUCET_PASSWORD"
            )
        if response.status_code != 200:
            raise FaucetError(f"{self._name} answered with status {response.status_code}; try again later")
        try:
            return parse_answer(content)
        except ValueError as error:
            raise FaucetError(f"{self._name} gave no money: {error}") from None


def _why(error: OSError, timeout: float) -> str:
    """In words, as the text of an exception of `requests` repeats the address, which may hold a password."""
    if not isinstance(error, requests.RequestException):
        return f"gave no money: {error}; check FAUCET_URL"
    cause = getattr(error.args[0], "reason", error) if error.args else error
    # urllib3 has a refused connection among the time-outs.
    refused = isinstance(cause, urllib3.exceptions.NewConnectionError)
    if isinstance(cause, requests.Timeout | urllib3.exceptions.TimeoutError) and not refused:
        return f"did not answer within {timeout:g} s; try again later"
    return f"can't be reached ({type(cause).__name__}); check FAUCET_URL"


def parse_answer(body: bytes) -> str:
    """The transaction's hash from a GraphQL answer; raises ValueError with what the answer says instead."""
    try:
        answer = json_object(body)
    except UnreadableError:
        raise ValueError("its answer is not a JSON object; check FAUCET_URL") from None
    errors = answer.get("errors")
    if isinstance(errors, list) and errors:
        messages = [str(error.get("message")) if isinstance(error, dict) else str(error) for error in errors]
        raise ValueError(printable("; ".join(messages), 300).strip() or "its answer is an error without a message")
    try:
        return str(answer["data"]["request_regtest_funds"]["transaction_hash"])
    except (KeyError, TypeError):
        raise ValueError("its answer holds no transaction; check FAUCET_URL") from None
