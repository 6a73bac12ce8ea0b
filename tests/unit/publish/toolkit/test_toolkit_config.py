"""The web configuration file: what is taken, and what is refused with key and remedy."""

from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from web_certificates import Authority

from exporter.cli import exit_code_of
from exporter.cli.check_web_config import command
from exporter.errors import ConfigError
from exporter.publish.toolkit.config import TlsSettings, WebConfig, parse_web_config

FOLDER = Path("/etc/memtest")
HASH = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
TLS = "tls_server_config: {cert_file: a.pem, key_file: a.key%s}"


def parse(text: str) -> WebConfig:
    return parse_web_config(text, FOLDER)


@pytest.mark.parametrize("text", ["", "{}", "# nothing\n", "tls_server_config:\n", "basic_auth_users: {}"])
def test_nothing_configured_is_plain_http_for_everybody(text: str) -> None:
    assert parse(text) == WebConfig()


def test_takes_all_of_the_supported_schema() -> None:
    config = parse(
        f"""
        tls_server_config:
          cert_file: /abs/server.pem
          key_file: server.key
          client_ca_file: ca.pem
          client_auth_type: RequireAndVerifyClientCert
          min_version: TLS12
          max_version: TLS13
          cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
          prefer_server_cipher_suites: true
        http_server_config:
          http2: false
          headers:
            Strict-Transport-Security: max-age=31536000
        basic_auth_users:
          alice: {HASH}
        auth_excluded_paths: [/-/healthy]
        """
    )
    assert config.tls is not None
    assert config.tls.ciphers == ("ECDHE-RSA-AES128-GCM-SHA256",)
    assert config == WebConfig(
        tls=TlsSettings(
            cert_file=Path("/abs/server.pem"),
            key_file=FOLDER / "server.key",
            client_ca_file=FOLDER / "ca.pem",
            client_auth_type="RequireAndVerifyClientCert",
            cipher_suites=("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ),
        users={"alice": HASH},
        headers={"Strict-Transport-Security": "max-age=31536000"},
        auth_excluded_paths=frozenset({"/-/healthy"}),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tls: {}", "unknown key tls; remove or correct"),
        (TLS % ", cert_fil: x", r"unknown key tls_server_config\.cert_fil;"),
        ("http_server_config: {headers: {X-Other: a}}", r"unknown key http_server_config\.headers\.X-Other; .*X-Frame"),
        ("http_server_config: {headers: {X-Frame-Options: [deny]}}", r"headers\.X-Frame-Options must be a string"),
        (TLS % ", curve_preferences: [X25519]", "curve_preferences is in the schema but not supported here"),
        ("rate_limit: {burst: 1}", "rate_limit is in the schema but not supported here"),
        ("tls_server_config: {cert_file: a.pem}", "key_file is missing; name a PEM file"),
        (TLS % ", client_auth_type: RequireAnyClientCert", "is 'RequireAnyClientCert'; choose NoClientCert, Verify"),
        (TLS % ", client_auth_type: VerifyClientCertIfGiven", "go together"),
        (TLS % ", client_ca_file: ca.pem", "go together"),
        (TLS % ", min_version: TLS10", "min_version is 'TLS10'; choose TLS12, TLS13"),
        (TLS % ", min_version: TLS13, max_version: TLS12", "min_version is above max_version"),
        (TLS % ", cipher_suites: [ROT13]", "has 'ROT13'; choose from TLS_"),
        (TLS % ", cipher_suites: ROT13", "cipher_suites must be a list of strings"),
        (TLS % ", cipher_suites: [[ROT13]]", r"cipher_suites\[0\] must be a string"),
        (TLS.replace("a.pem", "''") % "", r"tls_server_config\.cert_file: this must name a PEM file"),
        ("http_server_config: {http2: maybe}", "http2 must be true or false"),
        ("basic_auth_users: {alice: secret}", r"basic_auth_users\.alice is no bcrypt hash; make one with: htpasswd"),
        ("basic_auth_users: {alice: 12}", r"basic_auth_users\.alice is no bcrypt hash"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "no colon"),
        (f"basic_auth_users: {{alice: {HASH.replace('$10$', '$31$')}}}", "has cost 31; take 4 to 16"),
        ("basic_auth_users: [alice]", "must be a mapping"),
        ("- a", "the document must be a mapping"),
        ("a: 1\na: 2", "a key is given twice, line 1"),
        ("a: [", "no valid YAML: .*, line 1"),
        ("a: !!python/object/apply:os.getcwd []", "no valid YAML"),
    ],
)
def test_refuses_and_says_what_to_do(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse(text)


def test_no_refusal_shows_a_secret() -> None:
    with pytest.raises(ConfigError) as refusal:
        parse("basic_auth_users: {alice: hunter2}")
    assert "hunter2" not in str(refusal.value)
    assert HASH not in repr(parse(f"basic_auth_users: {{alice: {HASH}}}"))


@given(st.text(max_size=80))
def test_any_text_is_taken_or_refused_with_a_config_error(text: str) -> None:
    try:
        parse(text)
    except ConfigError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("cost", [4, 5])
def test_takes_what_bcrypt_makes(cost: int) -> None:
    made = bcrypt.hashpw(b"x", bcrypt.gensalt(cost)).decode()
    assert parse(f"basic_auth_users: {{alice: {made}}}").users == {"alice": made}


def test_command_accepts_a_good_file(tmp_path: Path) -> None:
    server = Authority(tmp_path).issue("server")
    file = tmp_path / "web.yml"
    file.write_text(
        f"tls_server_config: {{cert_file: server.pem, key_file: server.key}}\nbasic_auth_users: {{alice: {HASH}}}"
    )
    result = CliRunner().invoke(command, [str(file)])
    assert result.output == f"{file} is valid: TLS from TLS12 on, NoClientCert, 1 user\n"
    assert server.cert.parent == tmp_path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense: true", "unknown key nonsense"),
        ("tls_server_config: {cert_file: absent.pem, key_file: absent.key}", "can't be used: no such file"),
        ("tls_server_config: {cert_file: web.yml, key_file: web.yml}", "can't be used"),
    ],
)
def test_command_refuses_a_bad_file_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    file = tmp_path / "web.yml"
    file.write_text(text)
    assert exit_code_of(["check-web-config", str(file)]) == 2
    message = capsys.readouterr().err
    assert str(file) in message
    assert complaint in message


def test_command_names_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["check-web-config", "/nowhere/web.yml"]) == 2
    assert "/nowhere/web.yml can't be read: No such file" in capsys.readouterr().err
