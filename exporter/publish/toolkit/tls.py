"""TLS as the web configuration asks for it."""

import ssl
from typing import TYPE_CHECKING

from exporter.errors import ConfigError

if TYPE_CHECKING:
    from exporter.publish.toolkit.config import TlsSettings

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def make_tls_context(settings: "TlsSettings") -> ssl.SSLContext:
    """Load the certificates; raises ConfigError naming the file that can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.min_version]
    context.maximum_version = _VERSIONS[settings.max_version]
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    for file in settings.files:
        if file.exists() and not file.is_file():  # reading others may never end
            raise ConfigError(f"tls_server_config: {file} can't be used: it is no regular file; give a PEM file")
    if settings.ciphers:
        try:
            context.set_ciphers(":".join(settings.ciphers))
        except ssl.SSLError:
            raise ConfigError("tls_server_config.cipher_suites has none that OpenSSL has here; add one") from None
    try:
        # Without a password function OpenSSL would ask for one on the terminal.
        context.load_cert_chain(settings.cert_file, settings.key_file, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"tls_server_config: {settings.cert_file} with {settings.key_file} can't be used: {_reason(error)}; "
            "give a PEM certificate chain and its unencrypted key"
        ) from None
    if settings.client_ca_file:
        try:
            context.load_verify_locations(settings.client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"tls_server_config.client_ca_file {settings.client_ca_file} can't be used: {_reason(error)}; "
                "give PEM certificates"
            ) from None
    context.verify_mode = _CLIENT_AUTH[settings.client_auth_type]
    return context


def _reason(error: OSError) -> str:
    return (getattr(error, "reason", None) or error.strerror or str(error)).lower().replace("_", " ")
