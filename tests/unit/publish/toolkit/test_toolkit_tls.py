"""TLS, client certificates and users on a live server, and their change while it runs."""

import base64
import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest
import requests
from web_certificates import Authority, Pair
from web_serving import LIMIT_SECONDS, ServerThread, eventually

from exporter.errors import ConfigError
from exporter.publish.toolkit.live_config import LiveWebConfig

Serve = Callable[[Path], ServerThread]
HASH = bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()
OTHER_HASH = bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def web_config(tmp_path: Path, authority: Authority) -> Path:
    authority.issue("server")
    return write_config(tmp_path / "web.yml", "")


def write_config(path: Path, more: str, tls: str = "") -> Path:
    path.write_text(f"tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{tls}\n{more}")
    return path


def get(server: ServerThread, authority: Authority, client: Pair | None = None, **options: object) -> requests.Response:
    cert = (str(client.cert), str(client.key)) if client else None
    with requests.Session() as session:
        session.trust_env = False
        session.verify, session.cert = str(authority.path), cert
        return session.get(server.url + "/-/healthy", timeout=LIMIT_SECONDS, **options)  # type: ignore[arg-type]


def serial_number(server: ServerThread) -> str:
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as client:
            certificate = client.getpeercert(binary_form=True)
            assert certificate is not None
            return base64.b64encode(certificate).decode()


def test_serves_https(serve_with: Serve, web_config: Path, authority: Authority) -> None:
    server = serve_with(web_config)
    assert server.url.startswith("https://127.0.0.1:")
    assert get(server, authority).text == "Healthy.\n"


def test_plain_http_to_a_tls_port_is_closed(serve_with: Serve, web_config: Path) -> None:
    server = serve_with(web_config)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{server.port}/", timeout=LIMIT_SECONDS)


def test_offers_the_versions_asked_for(serve_with: Serve, tmp_path: Path, web_config: Path) -> None:
    server = serve_with(write_config(web_config, "", "  min_version: TLS13\n"))
    context = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", server.port), 5) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_offers_the_ciphers_asked_for(serve_with: Serve, tmp_path: Path, web_config: Path) -> None:
    name = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    server = serve_with(write_config(web_config, "", f"  max_version: TLS12\n  cipher_suites: [{name}]\n"))
    context = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        client = context.wrap_socket(plain, server_hostname="127.0.0.1")
        assert client.cipher() == ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2", 256)
        client.close()


def test_client_certificates(serve_with: Serve, tmp_path: Path, web_config: Path, authority: Authority) -> None:
    tls = "  client_ca_file: authority.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
    server = serve_with(write_config(web_config, "", tls))
    assert get(server, authority, authority.issue("client")).ok
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other").issue("client")
    with pytest.raises(requests.ConnectionError):
        get(server, authority, stranger)
    with pytest.raises(requests.ConnectionError):
        get(server, authority)


def test_users(serve_with: Serve, web_config: Path, authority: Authority) -> None:
    more = f"basic_auth_users: {{alice: {HASH}}}\nauth_excluded_paths: [/-/ready]\n"
    server = serve_with(write_config(web_config, more))
    refused = get(server, authority)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert get(server, authority, auth=("alice", "open")).status_code == 200
    assert get(server, authority, auth=("alice", "shut")).status_code == 401
    assert requests.get(server.url + "/-/ready", verify=str(authority.path), timeout=LIMIT_SECONDS).status_code == 503


def test_configured_headers_are_sent(serve_with: Serve, web_config: Path, authority: Authority) -> None:
    more = "http_server_config: {headers: {Strict-Transport-Security: max-age=60, X-Frame-Options: sameorigin}}"
    headers = get(serve_with(write_config(web_config, more)), authority).headers
    assert (headers["Strict-Transport-Security"], headers["X-Frame-Options"]) == ("max-age=60", "sameorigin")


def test_new_certificate_is_taken_without_restart(serve_with: Serve, web_config: Path, authority: Authority) -> None:
    server = serve_with(web_config)
    first = serial_number(server)
    authority.issue("server")
    eventually(lambda: serial_number(server) != first)
    assert get(server, authority).ok


def test_new_users_are_taken_without_restart(serve_with: Serve, web_config: Path, authority: Authority) -> None:
    server = serve_with(write_config(web_config, f"basic_auth_users: {{alice: {HASH}}}"))
    assert get(server, authority, auth=("alice", "open")).ok
    write_config(web_config, f"basic_auth_users: {{alice: {OTHER_HASH}}}")
    eventually(lambda: get(server, authority, auth=("alice", "open")).status_code == 401)
    assert get(server, authority, auth=("alice", "other")).ok


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 2.0
        return self.now


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense: [", "no valid YAML"),
        ("", "no longer has TLS"),
        ("basic_auth_users: {alice: !!timestamp 2021-99-99}", "no valid YAML"),
        ("http_server_config: {headers: {X-Frame-Options: 'dény'}}", "what HTTP can't carry"),
        ("tls_server_config: {cert_file: server.pem, key_file: server.key}", "no longer has users"),
        ("tls_server_config: {cert_file: authority.pem, key_file: server.key}", "can't be used"),
    ],
)
def test_wrong_or_weaker_file_is_logged_once_and_not_taken(
    web_config: Path, caplog: pytest.LogCaptureFixture, text: str, complaint: str
) -> None:
    live = LiveWebConfig(write_config(web_config, f"basic_auth_users: {{alice: {HASH}}}"), Clock())
    config, tls_context = live.config, live.tls_context
    web_config.write_text(text)
    for _ in range(3):
        live.refresh()
    assert (live.config, live.tls_context) == (config, tls_context)
    assert [complaint in record.getMessage() for record in caplog.records] == [True]


def test_recovers_when_a_missing_certificate_appears(tmp_path: Path, web_config: Path, authority: Authority) -> None:
    live = LiveWebConfig(web_config, Clock())
    web_config.write_text("tls_server_config: {cert_file: late.pem, key_file: late.key}")
    live.refresh()
    authority.issue("late")
    live.refresh()
    assert live.config.tls is not None
    assert live.config.tls.cert_file == tmp_path / "late.pem"


def test_unchanged_files_are_not_read_again(web_config: Path) -> None:
    live = LiveWebConfig(web_config, Clock())
    before = live.config
    live.refresh()
    assert live.config is before
    os.utime(web_config, (time.time(), time.time() + 5))
    live.refresh()
    assert live.config is not before


def test_files_are_looked_at_once_a_second_at_most(web_config: Path) -> None:
    live = LiveWebConfig(web_config, lambda: 0.0)
    before = live.config
    write_config(web_config, f"basic_auth_users: {{alice: {HASH}}}")
    live.refresh()
    assert live.config is before


def test_file_that_can_not_be_used_keeps_the_server_from_starting(serve_with: Serve, tmp_path: Path) -> None:
    bad = tmp_path / "web.yml"
    bad.write_text("tls_server_config: {cert_file: absent.pem, key_file: absent.key}")
    with pytest.raises(ConfigError, match=r"web\.yml: tls_server_config: .*absent\.pem .*can't be used"):
        serve_with(bad)
