"""The chain over HTTP, as an Esplora server answers: the part that wallets ask for."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.network.ledger import addresses
from exporter.network.ledger.chain import Chain, Output, block_hash
from exporter.network.ledger.errors import Invalid, NotFound, NotReady

PREFIX = "/chain"
_TARGETS = (1, 2, 3, 6, 10, 25, 144, 504, 1008)  # confirmation targets, in blocks
_SAT_PER_VBYTE = 1.0

Json = dict[str, Any]


def routes(chain: Chain) -> list[Route]:
    """The routes below `PREFIX`: transactions, addresses, the tip, fees."""

    def status(output: Output) -> Json:
        return {
            "confirmed": True,
            "block_height": output.height,
            "block_hash": block_hash(output.height),
            "block_time": int(output.mined),
        }

    def transaction(output: Output) -> Json:
        script = addresses.bitcoin_script(output.address).hex()
        paid = {"scriptpubkey": script, "scriptpubkey_address": output.address, "value": output.sats}
        size = len(output.raw)
        return {
            "txid": output.txid,
            "version": 2,
            "locktime": 0,
            "vin": [],
            "vout": [paid],
            "size": size,
            "weight": 4 * size,
            "fee": 0,
            "status": status(output),
        }

    def unspent(output: Output) -> Json:
        return {"txid": output.txid, "vout": 0, "value": output.sats, "status": status(output)}

    def to_address(request: Request, *, unspent_only: bool) -> list[Output]:
        address = request.path_params["address"]
        addresses.bitcoin_script(address)
        return chain.paid_to([address.lower()], unspent_only=unspent_only)

    def of_path(request: Request) -> Output:
        return chain.output(request.path_params["txid"], request.path_params.get("vout", 0))

    answers: dict[str, Callable[[Request], Response]] = {
        "/tx/{txid}": lambda request: JSONResponse(transaction(of_path(request))),
        "/tx/{txid}/hex": lambda request: PlainTextResponse(of_path(request).raw.hex()),
        "/tx/{txid}/status": lambda request: JSONResponse(status(of_path(request))),
        "/tx/{txid}/outspend/{vout:int}": lambda request: JSONResponse({"spent": of_path(request).spent}),
        "/address/{address}/utxo": lambda request: JSONResponse(
            [unspent(output) for output in to_address(request, unspent_only=True)]
        ),
        "/address/{address}/txs": lambda request: JSONResponse(
            [transaction(output) for output in reversed(to_address(request, unspent_only=False))]
        ),
        "/blocks/tip/height": lambda _: PlainTextResponse(str(chain.height)),
        "/blocks/tip/hash": lambda _: PlainTextResponse(block_hash(chain.height)),
        "/fee-estimates": lambda _: JSONResponse(dict.fromkeys(map(str, _TARGETS), _SAT_PER_VBYTE)),
    }

    async def broadcast(request: Request) -> Response:
        body = await request.body()
        return _answer(lambda: PlainTextResponse(chain.broadcast(_from_hex(body)).txid))

    looks = [Route(PREFIX + path, _endpoint(answer)) for path, answer in answers.items()]
    return [*looks, Route(PREFIX + "/tx", broadcast, methods=["POST"])]


def _endpoint(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return _answer(lambda: answer(request))

    return serve


def _answer(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except NotFound as refusal:
        return PlainTextResponse(str(refusal), 404)
    except (Invalid, NotReady) as refusal:
        return PlainTextResponse(str(refusal), 400)


def _from_hex(body: bytes) -> bytes:
    try:
        return bytes.fromhex(body.decode())
    except ValueError as error:
        raise Invalid("want a transaction in hexadecimal") from error
