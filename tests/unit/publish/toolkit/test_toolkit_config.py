"""The web configuration file: what is taken, and what is refused with key and remedy."""

import os
import random
from pathlib import Path

import bcrypt
import h11
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from web_certificates import Authority

from exporter.cli import exit_code_of
from exporter.cli.check_web_config import command
from exporter.errors import ConfigError
from exporter.publish.toolkit.config import TlsSettings, parse_web_config, read_web_config
from exporter.publish.toolkit.live_config import load_web_config
from exporter.publish.toolkit.tls import make_tls_context
from exporter.publish.toolkit.web_config import WebConfig

FOLDER = Path("/etc/memtest")
HASH = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
# Sixteen mappings, each of which merges the one before three times.
MERGING = "a: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 16))
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
        ("a: 1\na: 2", "the key 'a' is given twice, line 2"),
        ("a: [", "no valid YAML: .*, line 1"),
        ("a: !!python/object/apply:os.getcwd []", "no valid YAML"),
        ("a: 2021-99-99", "unknown key a;"),
        ("a: !!timestamp 2021-99-99", "no valid YAML"),
        ("a: !!int " + 5000 * "9", "no valid YAML"),
        ("a: " + "9" * 5000, "unknown key a;"),
        ('a: "\\U00110000"', "no valid YAML: .*impossible number"),
        ('auth_excluded_paths: ["/\\ud800"]', "no valid YAML: a text has a character that can't be printed, line 1"),
        (TLS.replace("a.pem", '"a\\0"') % "", "a text has a character that can't be printed"),
        ("[\n" * 5000, "nested too deeply"),
        (MERGING, "unknown key a;"),
        (
            'http_server_config: {headers: {X-Frame-Options: "a\\r\\nb"}}',
            "a text has a character that can't be printed",
        ),
        ("http_server_config: {headers: {X-Frame-Options: dény}}", r"X-Frame-Options has what HTTP can't carry; take"),
        ("http_server_config: {headers: {X-Frame-Options: ' deny'}}", "what HTTP can't carry"),
        (
            f"basic_auth_users: {{alice: {HASH[:28]}A{HASH[29:]}}}",
            "alice has a salt that bcrypt refuses",
        ),
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


WHOLE = f"""\
tls_server_config:
  cert_file: web.yml
  key_file: "web.yml"
  client_ca_file: web.yml
  client_auth_type: VerifyClientCertIfGiven
  min_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
http_server_config: {{http2: true, headers: {{X-Frame-Options: deny, Strict-Transport-Security: 'max-age=5'}}}}
basic_auth_users: {{alice: {HASH}, bob: &b {HASH}, carol: *b}}
auth_excluded_paths: [/-/healthy, "/"]
"""
PIECES = (
    *("2021-99-99", "!!timestamp ", "!!binary ", "!!int ", "!!set ", "!!omap ", "!<x> ", "0x", "1e999", ".nan", "~"),
    *('"\\ud800"', '"\\U00110000"', '"\\0"', "\ufeff", "\x85", "\u2028", "\r", "\t", "é", "<<: *b", "&b ", "*b", "? "),
    *(": ", "{", "}", "[", "]", ",", "|\n", ">-\n", "#", "%YAML 9.9\n---\n", "---\n", "...\n", "'", '"', "\n", "\n  "),
    *("- ", "yes", "[" * 300),
)


def mutated(seed: int) -> str:
    """A configuration in which some pieces were put, taken away, doubled or exchanged."""
    chance = random.Random(seed)
    text = WHOLE
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(start + chance.choice((0, 0, 1, 5, 40)), len(text))
        piece = chance.choice((chance.choice(PIECES), text[start:end] * 2, "", text[-end:]))
        text = text[:start] + piece + text[end:]
    return text


def check_mutated(seed: int, file: Path) -> None:
    """What is taken must be of use: its headers can be sent, its users asked for, its files loaded or refused."""
    file.write_bytes(mutated(seed).encode("utf-8", "surrogatepass"))
    try:
        config = read_web_config(file)
        for hashed in config.users.values():
            bcrypt.checkpw(b"", f"$2b$04{hashed[6:]}".encode())
        headers = [(name.encode(), value.encode()) for name, value in config.headers.items()]
        h11.Response(status_code=200, headers=headers)
        if config.tls:
            make_tls_context(config.tls)
    except ConfigError as error:
        assert str(error).isprintable(), error  # noqa: PT017 - either outcome is right
        assert HASH[10:20] not in str(error)  # noqa: PT017


@pytest.mark.fuzz
def test_mutated_configurations_are_of_use_or_refused_with_a_sentence(tmp_path: Path) -> None:
    for seed in range(400):
        check_mutated(seed, tmp_path / "web.yml")


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for text in (None, "tls_server_config: {cert_file: fifo, key_file: fifo}"):
        file = tmp_path / ("web.yml" if text else "fifo")
        if text:
            file.write_text(text)
        with pytest.raises(ConfigError, match="no regular file"):
            load_web_config(file)


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("#" * 2_000_000)
    with pytest.raises(ConfigError, match="more than 1048576 bytes"):
        read_web_config(file)


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
    assert "/nowhere/web.yml: it can't be read: No such file" in capsys.readouterr().err
