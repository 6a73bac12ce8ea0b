"""Who listens for what: the open event streams of every wallet."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable

from exporter.network.proto import spark_pb2 as pb

_BACKLOG = 1000  # messages a slow reader may lag behind before its stream is closed


class Events:
    """Fans messages out to the streams that an identity has open.

    Args:
        loses: whether a message is lost this time, and the stream with it; never, by default.
    """

    def __init__(self, loses: Callable[[], bool] | None = None) -> None:
        self._loses = loses or (lambda: False)
        self._streams: defaultdict[bytes, set[asyncio.Queue[pb.SubscribeToEventsResponse | None]]] = defaultdict(set)

    @property
    def open_streams(self) -> int:
        return sum(map(len, self._streams.values()))

    async def subscribe(
        self, identity: bytes, waiting: Callable[[], Iterable[pb.SubscribeToEventsResponse]] = tuple
    ) -> AsyncIterator[pb.SubscribeToEventsResponse]:
        """Messages for an identity from now on, until the reader leaves, lags behind or is dropped.

        What is ``waiting`` as the stream opens comes first: wallets look for it before they open one, and would
        miss what happens in between.
        """
        queue: asyncio.Queue[pb.SubscribeToEventsResponse | None] = asyncio.Queue(_BACKLOG)
        streams = self._streams[identity]
        streams.add(queue)
        first = [pb.SubscribeToEventsResponse(connected=pb.ConnectedEvent()), *waiting()]
        try:
            for message in first:
                yield message
            while (following := await queue.get()) is not None:
                yield following
        finally:
            streams.discard(queue)
            if not streams:
                self._streams.pop(identity, None)

    def publish(self, identity: bytes, message: pb.SubscribeToEventsResponse) -> None:
        for queue in list(self._streams.get(identity, ())):
            if queue.full() or self._loses():
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
