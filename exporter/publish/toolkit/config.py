"""The web configuration file, in the schema of Prometheus' exporter-toolkit: TLS, users, headers."""

import re
import stat
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import bcrypt
import msgspec
import yaml

from exporter.errors import ConfigError
from exporter.publish.toolkit.web_config import WebConfig
from exporter.strict_yaml import StrictLoader, implicit_resolvers

HIGHEST_BCRYPT_COST = 16  # each step doubles the time; this one takes some seconds
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
# What HTTP can carry: visible characters, and blanks between them (RFC 9110, 5.5).
_FIELD_VALUE = re.compile(r"([!-~]([ -~]*[!-~])?)?")
_IMPLICIT_TAGS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null")
_TAGS = (*_IMPLICIT_TAGS, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_MOST_BYTES = 1 << 20
_NOT_SUPPORTED = ("cert", "key", "client_ca", "client_allowed_sans", "curve_preferences", "rate_limit")

ClientAuthType = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
TlsVersion = Literal["TLS12", "TLS13"]
_CHOICES = {"client_auth_type": get_args(ClientAuthType)}  # of every other key: TlsVersion


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the document, whose other keys are refused."""


class TlsSettings(_Section, frozen=True):
    """Certificates and what is asked of clients."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: ClientAuthType = "NoClientCert"
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"
    cipher_suites: tuple[str, ...] | None = None
    prefer_server_cipher_suites: bool = True  # accepted for the schema's sake: always so

    def __post_init__(self) -> None:
        for name in self.cipher_suites or ():
            if name not in CIPHER_SUITES:
                raise ValueError(f"cipher_suites has {name!r}; choose from {', '.join(CIPHER_SUITES)}")
        if self.min_version > self.max_version:
            raise ValueError("min_version is above max_version; swap them")
        if (self.client_ca_file is None) != (self.client_auth_type == "NoClientCert"):
            raise ValueError(
                "client_ca_file and a client_auth_type other than NoClientCert go together; give both or none"
            )

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.cert_file, self.key_file, self.client_ca_file) if path)

    @property
    def ciphers(self) -> tuple[str, ...]:
        """OpenSSL's names, for TLS 1.2."""
        return tuple(filter(None, (CIPHER_SUITES[name] for name in self.cipher_suites or ())))


class _HttpSettings(_Section, frozen=True):
    http2: bool = True  # accepted for the schema's sake: HTTP/1.1 is what is spoken
    headers: dict[str, Any] | None = None


class _Document(_Section, frozen=True):
    tls_server_config: TlsSettings | None = None
    http_server_config: _HttpSettings | None = None
    basic_auth_users: dict[str, Any] | None = None
    auth_excluded_paths: frozenset[str] | None = None


def read_web_config(path: Path) -> WebConfig:
    """Read and check a file; raises ConfigError naming it, and the key and remedy of what is wrong in it."""
    try:
        return parse_web_config(_read(path), path.parent)
    except ConfigError as error:
        raise ConfigError(f"web configuration {path}: {error}") from None


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError("it is no regular file; give one")  # reading others may never end
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ConfigError(f"it has more than {_MOST_BYTES} bytes; give a configuration")
        return content.decode()
    except OSError as error:
        raise ConfigError(f"it can't be read: {error.strerror}; give a readable file") from None
    except UnicodeDecodeError:
        raise ConfigError("it is not UTF-8; save it as such") from None


def parse_web_config(text: str, folder: Path) -> WebConfig:
    """Check a configuration's text; relative file names count from ``folder``. Raises ConfigError."""

    def in_folder(_: type, name: object) -> Path:
        if not isinstance(name, str) or not name:
            raise ValueError("this must name a PEM file")
        return folder / name

    try:
        document = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a subclass of SafeLoader
        found = msgspec.convert({} if document is None else document, _Document, dec_hook=in_folder)
    except yaml.YAMLError as error:
        raise ConfigError(f"it is no valid YAML: {_yaml_problem(error)}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(_sentence(error)) from None
    except RecursionError:
        raise ConfigError("it is no valid YAML: it is nested too deeply; remove what is not in the schema") from None
    except (ValueError, OverflowError):  # PyYAML's own, for the number of a character or of YAML's version
        raise ConfigError("it is no valid YAML: it has an impossible number; write characters as they are") from None
    http, users = found.http_server_config, found.basic_auth_users
    return WebConfig(
        tls=found.tls_server_config,
        users={name: _bcrypt_hash(name, value) for name, value in (users or {}).items()},
        headers={name: _header(name, value) for name, value in ((http and http.headers) or {}).items()},
        auth_excluded_paths=found.auth_excluded_paths or frozenset(),
    )


def _header(name: str, value: object) -> str:
    place = f"http_server_config.headers.{name}"
    if name not in HEADERS:
        raise ConfigError(f"unknown key {place}; remove it, or choose from {', '.join(HEADERS)}")
    if not isinstance(value, str):
        raise ConfigError(f"{place} must be a string; put it in quotes")
    if not _FIELD_VALUE.fullmatch(value):
        raise ConfigError(f"{place} has what HTTP can't carry; take visible ASCII characters and blanks between them")
    return value


def _bcrypt_hash(name: str, value: object) -> str:
    user = _without_hash(name)
    if not user or ":" in user:
        raise ConfigError(f"basic_auth_users has the user {user!r}; a name has a character at least and no colon")
    match = _BCRYPT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ConfigError(f"basic_auth_users.{user} is no bcrypt hash; make one with: htpasswd -nBC 10 {user}")
    if not 4 <= int(match[1]) <= HIGHEST_BCRYPT_COST:
        raise ConfigError(f"basic_auth_users.{user} has cost {match[1]}; take 4 to {HIGHEST_BCRYPT_COST}, 10 is usual")
    try:
        bcrypt.hashpw(b"", f"$2b$04{match[0][6:29]}".encode())  # at the lowest cost, for its salt
    except ValueError:
        raise ConfigError(f"basic_auth_users.{user} has a salt that bcrypt refuses; make another hash") from None
    return match[0]


def _without_hash(key: str) -> str:
    """Return of a key what may be shown: where a colon is missing, the hash is a part of it."""
    return key.partition("$")[0]


class _PlainLoader(StrictLoader):
    """Makes texts, truth values, lists and mappings, which the schema takes, and no dates and numbers, which may fail.

    Refuses texts that no header, name or path can hold.
    """

    # The stubs take it for an instance's.
    yaml_implicit_resolvers: ClassVar = implicit_resolvers(_IMPLICIT_TAGS.__contains__)  # type: ignore[misc]
    yaml_constructors: ClassVar = {
        tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _TAGS
    }

    def construct_scalar(self, node: yaml.ScalarNode) -> str:  # type: ignore[override]  # no mapping is a scalar
        text: str = super().construct_scalar(node)
        if not text.isprintable():
            raise yaml.MarkedYAMLError(
                problem="a text has a character that can't be printed", problem_mark=node.start_mark
            )
        return text


def _yaml_problem(error: yaml.YAMLError) -> str:
    """Say what and where without quoting the text, which may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it can't be parsed"
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)


def _sentence(error: msgspec.ValidationError) -> str:
    """Say in words of the file what msgspec found, and where: ``Object contains … - at `$.tls_server_config` ``.

    msgspec quotes no value but one that was to be chosen.
    """
    what, _, place = str(error).partition(" - at `")
    place = _without_hash(place.removeprefix("$")).strip(".`")
    kind, _, quoted = what.partition("field `")
    key = f"{place}.{_without_hash(quoted.rstrip('`'))}".lstrip(".")
    match kind.split():
        case ["Object", "contains", "unknown", *_] if key.rpartition(".")[2] in _NOT_SUPPORTED:
            return f"{key} is in the schema but not supported here; remove it"
        case ["Object", "contains", "unknown", *_]:
            return f"unknown key {key}; remove or correct it"
        case ["Object", "missing", *_]:
            return f"{key} is missing; name a PEM file"
        case ["Invalid", "enum", "value", value]:
            choices = _CHOICES.get(place.rpartition(".")[2], get_args(TlsVersion))
            return f"{place} is {value}; choose {', '.join(choices)}"
        case ["Expected", *_]:
            wanted = what.split("`")[1].split(" ")[0]
            return f"{place or 'the document'} must be {_WANTED.get(wanted, wanted)}"
    return f"{place}: {what}"


_WANTED = {
    "object": "a mapping of keys to values",
    "array": "a list of strings",
    "str": "a string; put it in quotes",
    "bool": "true or false",
}
