"""Where to listen: ``host:port``, ``[v6]:port`` or ``:port`` for every address of the machine."""

import errno
import os
import socket
from dataclasses import dataclass

from exporter.errors import ConfigError

BACKLOG = 256
_REMEDY = "give host:port, for example 127.0.0.1:9999, or port 0 for any free one"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host, empty for every address, and a port, 0 for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen_address(text: str) -> ListenAddress:
    """Split and check an address; raises ConfigError with a remedy."""
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed) or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"listen-address is {text!r}: {_REMEDY}")
    return ListenAddress(host[1:-1] if bracketed else host, int(port))


def listen(address: ListenAddress, setting: str = "listen-address") -> socket.socket:
    """Bind and listen, without blocking; raises ConfigError naming the setting, the address and what to do."""
    try:
        listener = _bound(address)
    except OSError as error:
        raise ConfigError(f"{setting} {address} can't be used: {_advice(error)}") from None
    listener.setblocking(False)
    return listener


def _bound(address: ListenAddress) -> socket.socket:
    if not address.host and socket.has_dualstack_ipv6():
        return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
    family = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)


def _advice(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name is not known; give an address of this machine"
    match error.errno:
        case errno.EADDRINUSE:
            return "something listens there already; stop it, or choose another port (0 takes any free one)"
        case errno.EADDRNOTAVAIL:
            return "it is no address of this machine; use 127.0.0.1, or nothing before the colon for all addresses"
        case errno.EACCES | errno.EPERM:
            return "permission denied; choose a port from 1024 on"
        case _:
            return f"{os.strerror(error.errno) if error.errno else error}; choose another address"
