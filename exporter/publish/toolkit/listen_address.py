"""Listening where a setting says."""

import errno
import os
import socket

from exporter.errors import ConfigError
from exporter.settings.listen_address import ListenAddress, read_listen_address

BACKLOG = 256


def parse_listen_address(text: str) -> ListenAddress:
    """Split and check an address; raises ConfigError with a remedy."""
    try:
        return read_listen_address(text)
    except ValueError as error:
        raise ConfigError(f"listen-address is {text!r}: {error}") from None


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
