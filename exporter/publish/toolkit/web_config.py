"""What a web configuration says, without what reads its file: an observer that has none stays light."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.publish.toolkit.config import TlsSettings


@dataclass(frozen=True, slots=True)
class WebConfig:
    """TLS, or none; bcrypt hashes by user; headers to add; paths that need no user."""

    tls: "TlsSettings | None" = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    auth_excluded_paths: frozenset[str] = frozenset()
