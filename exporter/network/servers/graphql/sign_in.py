"""Signing in to the provider."""

import secrets
from typing import Any

from google.protobuf.message import DecodeError

from exporter.network.ledger.errors import Invalid
from exporter.network.parties.sessions import Sessions
from exporter.network.proto import ssp_authn_pb2
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.values import Json


class SignIn:
    """A challenge, and a session for whoever signs it."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def get_challenge(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        challenge = ssp_authn_pb2.Challenge(
            version=1,
            timestamp=self._sessions.timestamp(),
            nonce=secrets.token_bytes(32),
            public_key=values.from_hex(input["public_key"], "public_key"),
        )
        mac = self._sessions.authenticate(challenge.SerializeToString(deterministic=True))
        protected = ssp_authn_pb2.ProtectedChallenge(version=1, challenge=challenge, server_hmac=mac)
        return {"protected_challenge": values.to_base64(protected.SerializeToString(deterministic=True))}

    def verify_challenge(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        signed = values.from_base64(input["protected_challenge"], "protected_challenge")
        try:
            protected = ssp_authn_pb2.ProtectedChallenge.FromString(signed)
        except DecodeError as error:
            raise Invalid("protected_challenge is not a challenge") from error
        challenge = protected.challenge
        raw = challenge.SerializeToString(deterministic=True)
        self._sessions.check_challenge(raw, protected.server_hmac, challenge.timestamp)
        identity = values.from_hex(input["identity_public_key"], "identity_public_key")
        if identity != challenge.public_key:
            raise Invalid("the challenge was made for another public key")
        signature = values.from_base64(input["signature"], "signature")
        token, expiry = self._sessions.open(identity, signature, signed)
        return {"session_token": token, "valid_until": values.time(expiry)}
