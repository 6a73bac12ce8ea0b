"""The operators' token service."""

from exporter.network.proto import spark_pb2 as pb
from exporter.network.proto import token_pb2


class TokenService:
    """`spark_token.SparkTokenService`: there are no tokens here."""

    async def query_token_metadata(
        self, request: token_pb2.QueryTokenMetadataRequest, caller: bytes
    ) -> token_pb2.QueryTokenMetadataResponse:
        return token_pb2.QueryTokenMetadataResponse()

    async def query_token_transactions(
        self, request: token_pb2.QueryTokenTransactionsRequest, caller: bytes
    ) -> token_pb2.QueryTokenTransactionsResponse:
        return token_pb2.QueryTokenTransactionsResponse(offset=-1, page_response=pb.PageResponse())

    async def query_token_outputs(
        self, request: token_pb2.QueryTokenOutputsRequest, caller: bytes
    ) -> token_pb2.QueryTokenOutputsResponse:
        return token_pb2.QueryTokenOutputsResponse(page_response=pb.PageResponse())
