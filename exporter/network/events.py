"""Who listens for what: the open event streams of every wallet."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from exporter.network.proto import spark_pb2 as pb

_BACKLOG = 1000  # messages a slow reader may lag behind before its stream is closed


class Events:
    """Fans messages out to the streams that an identity has open."""

    def __init__(self) -> None:
        self._streams: defaultdict[bytes, set[asyncio.Queue[pb.SubscribeToEventsResponse | None]]] = defaultdict(set)

    @property
    def open_streams(self) -> int:
        return sum(map(len, self._streams.values()))

    async def subscribe(self, identity: bytes) -> AsyncIterator[pb.SubscribeToEventsResponse]:
        """Messages for an identity from now on, until the reader leaves, lags behind or is dropped."""
        queue: asyncio.Queue[pb.SubscribeToEventsResponse | None] = asyncio.Queue(_BACKLOG)
        streams = self._streams[identity]
        streams.add(queue)
        try:
            yield pb.SubscribeToEventsResponse(connected=pb.ConnectedEvent())
            while (message := await queue.get()) is not None:
                yield message
        finally:
            streams.discard(queue)
            if not streams:
                self._streams.pop(identity, None)

    def publish(self, identity: bytes, message: pb.SubscribeToEventsResponse) -> None:
        for queue in list(self._streams.get(identity, ())):
            if queue.full():
                _end(queue)
            else:
                queue.put_nowait(message)

    def drop_all(self) -> None:
        """Close every stream: wallets open new ones."""
        for streams in self._streams.values():
            for queue in list(streams):
                _end(queue)


def _end(queue: asyncio.Queue[pb.SubscribeToEventsResponse | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
