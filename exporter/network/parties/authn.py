"""The operators' sign-in service."""

import secrets

from exporter.network.ledger.errors import Invalid
from exporter.network.parties.sessions import Sessions
from exporter.network.proto import authn_pb2 as pb


class AuthnService:
    """`spark_authn.SparkAuthnService`: the only one that needs no session."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def get_challenge(self, request: pb.GetChallengeRequest) -> pb.GetChallengeResponse:
        challenge = pb.Challenge(
            version=1,
            timestamp=self._sessions.timestamp(),
            nonce=secrets.token_bytes(32),
            public_key=request.public_key,
        )
        mac = self._sessions.authenticate(challenge.SerializeToString(deterministic=True))
        return pb.GetChallengeResponse(
            protected_challenge=pb.ProtectedChallenge(version=1, challenge=challenge, server_hmac=mac)
        )

    async def verify_challenge(self, request: pb.VerifyChallengeRequest) -> pb.VerifyChallengeResponse:
        challenge = request.protected_challenge.challenge
        signed = challenge.SerializeToString(deterministic=True)
        self._sessions.check_challenge(signed, request.protected_challenge.server_hmac, challenge.timestamp)
        if request.public_key != challenge.public_key:
            raise Invalid("the challenge was made for another public key")
        token, expiry = self._sessions.open(request.public_key, request.signature, signed)
        return pb.VerifyChallengeResponse(session_token=token, expiration_timestamp=expiry)
