"""The web configuration file, in the schema of Prometheus' exporter-toolkit: TLS, users, headers."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporter.errors import ConfigError

HIGHEST_BCRYPT_COST = 16  # each step doubles the time; this one takes some seconds
CLIENT_AUTH_TYPES = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
TLS_VERSIONS = ("TLS12", "TLS13")
HEADERS = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)
# Go's names, which the schema uses, and OpenSSL's. Those of TLS 1.3 can't be chosen, in Go neither.
CIPHER_SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
}
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_UNSUPPORTED = {
    "tls_server_config": ("cert", "key", "client_ca", "client_allowed_sans", "curve_preferences"),
    "": ("rate_limit",),
}


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Certificates and what is asked of clients; ``ciphers`` are OpenSSL's names, for TLS 1.2."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: str = "NoClientCert"
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    ciphers: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.cert_file, self.key_file, self.client_ca_file) if path)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """TLS, or none; bcrypt hashes by user; headers to add; paths that need no user."""

    tls: TlsSettings | None = None
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    auth_excluded_paths: frozenset[str] = frozenset()


def read_web_config(path: Path) -> WebConfig:
    """Read and check a file; raises ConfigError naming it, and the key and remedy of what is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"web configuration {path} can't be read: {reason}; give a readable file") from None
    try:
        return parse_web_config(text, path.parent)
    except ConfigError as error:
        raise ConfigError(f"web configuration {path}: {error}") from None


def parse_web_config(text: str, folder: Path) -> WebConfig:
    """Check a configuration's text; relative file names count from ``folder``. Raises ConfigError."""
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError(f"it is no valid YAML: {_yaml_problem(error)}") from None
    top = _Section("", document)
    tls = top.section("tls_server_config")
    http = top.section("http_server_config")
    users = top.section("basic_auth_users")
    config = WebConfig(
        tls=_tls(tls, folder) if tls else None,
        users={name: _bcrypt_hash(name, users.text(name)) for name in users.names} if users else {},
        headers=_headers(http),
        auth_excluded_paths=frozenset(top.texts("auth_excluded_paths")),
    )
    top.refuse_rest()
    return config


def _tls(section: "_Section", folder: Path) -> TlsSettings:
    settings = TlsSettings(
        cert_file=section.required_file("cert_file", folder),
        key_file=section.required_file("key_file", folder),
        client_ca_file=section.file("client_ca_file", folder),
        client_auth_type=section.choice("client_auth_type", CLIENT_AUTH_TYPES, "NoClientCert"),
        min_version=section.choice("min_version", TLS_VERSIONS, "TLS12"),
        max_version=section.choice("max_version", TLS_VERSIONS, "TLS13"),
        ciphers=tuple(name for name in map(_cipher, section.texts("cipher_suites")) if name),
    )
    section.flag("prefer_server_cipher_suites")  # always so
    section.refuse_rest()
    if settings.min_version > settings.max_version:
        raise ConfigError("tls_server_config.min_version is above max_version; swap them")
    if (settings.client_ca_file is None) != (settings.client_auth_type == "NoClientCert"):
        raise ConfigError(
            "tls_server_config: client_ca_file and a client_auth_type other than NoClientCert go together; "
            "give both or none"
        )
    return settings


def _headers(http: "_Section | None") -> dict[str, str]:
    if http is None:
        return {}
    http.flag("http2")  # accepted for the schema's sake: HTTP/1.1 is what is spoken
    headers = http.section("headers")
    http.refuse_rest()
    if headers is None:
        return {}
    values = {name: headers.text(name) for name in HEADERS if name in headers.names}
    headers.refuse_rest()
    return values


def _cipher(name: str) -> str:
    if name not in CIPHER_SUITES:
        raise ConfigError(f"tls_server_config.cipher_suites has {name!r}; choose from {', '.join(CIPHER_SUITES)}")
    return CIPHER_SUITES[name]


def _bcrypt_hash(user: str, text: str) -> str:
    match = _BCRYPT.fullmatch(text)
    if not user or ":" in user:
        raise ConfigError(f"basic_auth_users has the user {user!r}; a name has a character at least and no colon")
    if match is None:
        raise ConfigError(f"basic_auth_users.{user} is no bcrypt hash; make one with: htpasswd -nBC 10 {user}")
    if not 4 <= int(match[1]) <= HIGHEST_BCRYPT_COST:
        raise ConfigError(f"basic_auth_users.{user} has cost {match[1]}; take 4 to {HIGHEST_BCRYPT_COST}, 10 is usual")
    return text


class _Section:
    """A mapping of the document; what was not asked for is refused at the end. Never shows a value of its own."""

    def __init__(self, name: str, value: object) -> None:
        if value is not None and not isinstance(value, dict):
            raise ConfigError(f"{name or 'the document'} must be a mapping of keys to values")
        self._name = name
        self._left: dict[str, Any] = {str(key): item for key, item in (value or {}).items()}
        self.names = tuple(self._left)

    def section(self, key: str) -> "_Section | None":
        value = self._left.pop(key, None)
        return None if value is None else _Section(self._path(key), value)

    def text(self, key: str) -> str:
        value = self._left.pop(key, "")
        if not isinstance(value, str):
            raise ConfigError(f"{self._path(key)} must be a string; put it in quotes")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._left.pop(key, None) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{self._path(key)} must be a list of strings")
        return value

    def flag(self, key: str) -> None:
        if not isinstance(self._left.pop(key, True), bool):
            raise ConfigError(f"{self._path(key)} must be true or false")

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(key) or default
        if value not in choices:
            raise ConfigError(f"{self._path(key)} is {value!r}; choose {', '.join(choices)}")
        return value

    def file(self, key: str, folder: Path) -> Path | None:
        name = self.text(key)
        return folder / name if name else None

    def required_file(self, key: str, folder: Path) -> Path:
        path = self.file(key, folder)
        if path is None:
            raise ConfigError(f"{self._path(key)} is missing; name a PEM file")
        return path

    def refuse_rest(self) -> None:
        for key in self._left:
            if key in _UNSUPPORTED.get(self._name, ()):
                raise ConfigError(f"{self._path(key)} is in the schema but not supported here; remove it")
        if self._left:
            raise ConfigError(f"unknown keys: {', '.join(map(self._path, self._left))}; remove or correct them")

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, which YAML forbids and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.MarkedYAMLError(problem="a key is given twice", problem_mark=node.start_mark)
        return mapping


def _yaml_problem(error: yaml.YAMLError) -> str:
    """Say what and where without quoting the text, which may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it can't be parsed"
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)
