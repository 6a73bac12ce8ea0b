"""A certificate authority of one's own, for the length of a run, and a certificate for loopback by it."""

import json
import subprocess
from dataclasses import dataclass

from exporter.processes.child import python_command

_LONGEST_SECONDS = 60.0
_COMMAND = python_command("-m", "exporter.network.servers.certificate_maker")


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """PEM texts: the authority's certificate, the server's certificate and its private key."""

    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes


def loopback_certificate() -> ServerCertificate:
    """A fresh authority and a certificate for 127.0.0.1, ::1 and localhost.

    Made by a process of its own: the 4 MB of the library that it takes once go with that.
    """
    made = subprocess.run(_COMMAND, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_SECONDS, check=True)
    return ServerCertificate(**{name: text.encode() for name, text in json.loads(made.stdout).items()})
