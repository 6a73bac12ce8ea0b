from exporter.network.proto import spark_pb2 as _spark_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryTokenMetadataRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueryTokenMetadataResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueryTokenTransactionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueryTokenTransactionsResponse(_message.Message):
    __slots__ = ("offset", "page_response")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    offset: int
    page_response: _spark_pb2.PageResponse
    def __init__(self, offset: _Optional[int] = ..., page_response: _Optional[_Union[_spark_pb2.PageResponse, _Mapping]] = ...) -> None: ...

class QueryTokenOutputsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueryTokenOutputsResponse(_message.Message):
    __slots__ = ("page_response",)
    PAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    page_response: _spark_pb2.PageResponse
    def __init__(self, page_response: _Optional[_Union[_spark_pb2.PageResponse, _Mapping]] = ...) -> None: ...
