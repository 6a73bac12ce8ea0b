"""Where to listen: ``host:port``, ``[v6]:port`` or ``:port`` for every address of the machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host, empty for every address, and a port, 0 for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen_address(text: str) -> ListenAddress:
    """Split and check an address; raises ValueError with the remedy."""
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None
    if not colon or (":" in host and not bracketed) or number is None or number > 65535:
        raise ValueError("give host:port, for example 127.0.0.1:9999, or port 0 for any free one")
    return ListenAddress(host[1:-1] if bracketed else host, number)


def checked_listen_address(text: str) -> str:
    """The text of an address that can be read; raises ValueError with the remedy."""
    read_listen_address(text)
    return text
