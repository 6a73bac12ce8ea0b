"""Listen addresses: Go's forms, and refusals that say what to write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.publish.toolkit.listen_address import listen, parse_listen_address
from exporter.settings.listen_address import ListenAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9999", ListenAddress("127.0.0.1", 9999)),
        ("localhost:0", ListenAddress("localhost", 0)),
        (":9999", ListenAddress("", 9999)),
        ("[::1]:80", ListenAddress("::1", 80)),
        (" 0.0.0.0:1 ", ListenAddress("0.0.0.0", 1)),
    ],
)
def test_parses(text: str, address: ListenAddress) -> None:
    assert parse_listen_address(text) == address


@pytest.mark.parametrize("text", ["", "9999", "localhost", "localhost:", "a:b", "::1:80", "h:65536", "h:-1", "h:٣"])
def test_refuses_with_a_remedy(text: str) -> None:
    with pytest.raises(ConfigError, match=r"give host:port, for example"):
        parse_listen_address(text)


@given(st.sampled_from(["", "127.0.0.1", "::1", "example.org"]), st.integers(0, 65535))
def test_what_is_written_parses_to_the_same(host: str, port: int) -> None:
    assert parse_listen_address(str(ListenAddress(host, port))) == ListenAddress(host, port)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("192.0.2.1:0", "no address of this machine"), ("no-such-host.invalid:0", "host name is not known")],
)
def test_address_that_can_not_be_used_is_named_with_a_remedy(address: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"listen-address {address}.*{reason}"):
        listen(parse_listen_address(address))
