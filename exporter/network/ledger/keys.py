"""Secp256k1 arithmetic of the Spark protocol: key shares of three operators, tweaks, tagged hashes.

Scalars are ``int`` modulo the group order, points are 33-byte compressed public keys.
An operator with number ``i`` (0, 1, 2) holds the value of a line at ``x = i + 1``; two of the three
values give the secret, the value at ``x = 0``.
"""

import functools
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from embit.util import secp256k1

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
OPERATORS = 3
THRESHOLD = 2

Shares = tuple[int, int, int]

# The layout of an ECIES text: an uncompressed point, a nonce and a tag before the cipher text.
_POINT, _NONCE, _TAG = 65, 16, 16


def random_scalar() -> int:
    """A uniform scalar, never 0."""
    return secrets.randbelow(ORDER - 1) + 1


def scalar_bytes(scalar: int) -> bytes:
    """32 bytes, big endian."""
    return (scalar % ORDER).to_bytes(32, "big")


def public_key(scalar: int) -> bytes:
    """The point ``scalar·G``; raises ValueError for 0, which has no point."""
    return _serialize(secp256k1.ec_pubkey_create(scalar_bytes(scalar)))


def add_points(*points: bytes) -> bytes:
    """The sum of points; raises ValueError if one is no point or the sum is the point at infinity."""
    return _serialize(secp256k1.ec_pubkey_combine(*map(_parse, points)))


def add_multiple(point: bytes, other: bytes, scalar: int) -> bytes:
    """``point + scalar·other``; raises ValueError as `add_points` does, or if the scalar is 0."""
    return _serialize(secp256k1.ec_pubkey_combine(_parse(point), _product(other, scalar)))


def points_on_line(start: bytes, slope: bytes, count: int) -> list[bytes]:
    """``start + slope``, ``start + 2·slope`` and so on; raises ValueError as `add_points` does."""
    at, step = _parse(start), _parse(slope)
    points = []
    for _ in range(count):
        at = secp256k1.ec_pubkey_combine(at, step)
        points.append(_serialize(at))
    return points


def subtract_points(minuend: bytes, subtrahend: bytes) -> bytes:
    """``minuend - subtrahend``; raises ValueError as `add_points` does."""
    return add_points(minuend, negate(subtrahend))


def negate(point: bytes) -> bytes:
    """``-point``."""
    return bytes([point[0] ^ 1]) + point[1:]


def split(secret: int, slope: int | None = None) -> Shares:
    """Three shares of a secret, any two of which give it back."""
    slope = random_scalar() if slope is None else slope
    return ((secret + slope) % ORDER, (secret + 2 * slope) % ORDER, (secret + 3 * slope) % ORDER)


def join(shares: Sequence[int]) -> int:
    """The secret of which ``shares[0]`` and ``shares[1]`` are the first two shares."""
    return (2 * shares[0] - shares[1]) % ORDER


@functools.lru_cache(maxsize=256)  # asked for as shares are checked, and as they are taken
def joint_key(shares: Shares) -> bytes:
    """The point of the secret that shares are of; raises ValueError if that is 0."""
    return public_key(join(shares))


def check_shares(shares: Sequence[int], proofs: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Check Feldman's proofs of a tweak's three shares.

    Args:
        shares: the operators' shares, by operator number.
        proofs: for each share its proofs: the points of the secret and of the slope.

    Returns:
        The point of each share.

    Raises:
        ValueError: a share does not fit its proofs, or the proofs differ between operators.
    """
    first = list(proofs[0])
    if len(shares) != OPERATORS or len(first) != THRESHOLD or any(list(p) != first for p in proofs[1:]):
        raise ValueError(f"want the same {THRESHOLD} proofs for each of {OPERATORS} shares")
    start, slope = first
    points = points_on_line(start, slope, OPERATORS)
    for number, (share, expected) in enumerate(zip(shares, points, strict=True), 1):
        if number <= THRESHOLD:
            fits = 0 < share < ORDER and public_key(share) == expected
        else:  # it follows from the others on its line, without a multiplication of points
            fits = share == (2 * shares[1] - shares[0]) % ORDER
        if not fits:
            raise ValueError(f"share {number} does not fit its proofs")
    return points


def tagged_message(tag: Sequence[str], *values: bytes | Mapping[str, bytes]) -> bytes:
    """The message that Spark's structured hashing signs: tag hash twice, then the values.

    Bytes carry an 8-byte big-endian length; a map is its count, then its keys and values sorted by key.
    """
    tag_hash = hashlib.sha256(b"".join(_prefixed(part.encode()) for part in tag)).digest()
    out = [tag_hash, tag_hash]
    for value in values:
        if isinstance(value, bytes):
            out.append(_prefixed(value))
            continue
        out.append(_prefixed(len(value).to_bytes(8, "big")))
        for key in sorted(value, key=str.encode):
            out += [_prefixed(key.encode()), _prefixed(value[key])]
    return b"".join(out)


def _prefixed(value: bytes) -> bytes:
    return len(value).to_bytes(8, "big") + value


def sign(secret: int, message: bytes) -> bytes:
    """DER ECDSA signature over sha256 of the message."""
    signature: bytes = secp256k1.ecdsa_signature_serialize_der(_signed(secret, message))
    return signature


def sign_compact(secret: int, message: bytes) -> bytes:
    """64-byte ECDSA signature over sha256 of the message."""
    signature: bytes = secp256k1.ecdsa_signature_serialize_compact(_signed(secret, message))
    return signature


def sign_recoverable(secret: int, message: bytes) -> bytes:
    """`sign_compact`, and the byte by which `recover` finds the signer's point."""
    signature, point = sign_compact(secret, message), public_key(secret)
    return next(text for number in range(4) if recover(text := signature + bytes([number]), message) == point)


def recover(signature: bytes, message: bytes) -> bytes | None:
    """The point whose secret made a signature of 64 bytes and a number from 0 to 3; None if there is none."""
    try:
        parsed = secp256k1.ecdsa_recoverable_signature_parse_compact(signature[:64], _recovery_number(signature))
        return _serialize(secp256k1.ecdsa_recover(parsed, hashlib.sha256(message).digest()))
    except ValueError:
        return None


def _recovery_number(signature: bytes) -> int:
    if len(signature) != 65 or signature[64] > 3:
        raise ValueError("no recoverable signature")
    return signature[64]


def sign_taproot(secret: int, message: bytes) -> bytes:
    """BIP 340 signature over sha256 of the message, by the BIP 341 output key of a secret without script tree."""
    point = public_key(secret)
    even = secret if point[0] == 2 else -secret
    return sign_schnorr(even + taproot_tweak(point), hashlib.sha256(message).digest())


def sign_schnorr(secret: int, message: bytes) -> bytes:
    """BIP 340 signature over the 32 bytes of a message."""
    signature: bytes = secp256k1.schnorrsig_sign(message, scalar_bytes(secret))
    return signature


def verify(point: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a DER or a 64-byte compact ECDSA signature over sha256 of the message is good."""
    return verify_digest(point, signature, hashlib.sha256(message).digest())


def verify_digest(point: bytes, signature: bytes, digest: bytes) -> bool:
    """`verify`, for a message that is known by its sha256 alone."""
    compact = len(signature) == 64
    parse = secp256k1.ecdsa_signature_parse_compact if compact else secp256k1.ecdsa_signature_parse_der
    try:
        return bool(secp256k1.ecdsa_verify(parse(signature), digest, _parse(point)))
    except ValueError:
        return False


def verify_schnorr(x_only: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a BIP 340 signature over the 32 bytes of a message is good."""
    if len(signature) != 64:
        return False
    try:
        return bool(secp256k1.schnorrsig_verify(signature, message, _parse(b"\x02" + x_only)))
    except ValueError:
        return False


def encrypt(point: bytes, message: bytes) -> bytes:
    """ECIES to a public key: ephemeral key, nonce, tag, cipher text; AES-256-GCM under HKDF-SHA256."""
    return encryption(point)(message)


def encryption(point: bytes) -> Callable[[bytes], bytes]:
    """`encrypt` for messages that belong together: under one ephemeral key, each with a nonce of its own."""
    ephemeral = random_scalar()
    sender = _uncompressed(secp256k1.ec_pubkey_create(scalar_bytes(ephemeral)))
    cipher = AESGCM(_derive_key(sender, _uncompressed(_product(point, ephemeral))))

    def seal(message: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        sealed = cipher.encrypt(nonce, message, None)
        return sender + nonce + sealed[-_TAG:] + sealed[:-_TAG]

    return seal


def decrypt(secret: int, ciphertext: bytes) -> bytes:
    """Undo `encrypt`; raises ValueError if the text was not made for this key."""
    sender, rest = ciphertext[:_POINT], ciphertext[_POINT:]
    nonce, tag, sealed = rest[:_NONCE], rest[_NONCE : _NONCE + _TAG], rest[_NONCE + _TAG :]
    try:
        shared = _uncompressed(_product(sender, secret))
        return AESGCM(_derive_key(sender, shared)).decrypt(nonce, sealed + tag, None)
    except (InvalidTag, ValueError) as error:
        raise ValueError("cannot be decrypted") from error


def _derive_key(sender: bytes, shared: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=None).derive(sender + shared)


@functools.lru_cache(maxsize=512)  # of a leaf's key several times over
def taproot_output(point: bytes, merkle_root: bytes = b"") -> bytes:
    """The output key of BIP 341 for an internal key, and a tree of scripts if there is one."""
    return _serialize(
        secp256k1.ec_pubkey_add(_parse(b"\x02" + point[1:]), tagged_hash("TapTweak", point[1:] + merkle_root))
    )


def taproot_tweak(point: bytes) -> int:
    """What BIP 341 adds to the secret of an internal key without script tree, after making its point's y even."""
    return int.from_bytes(tagged_hash("TapTweak", point[1:]), "big")


def taproot_script(point: bytes, merkle_root: bytes = b"") -> bytes:
    """The output script of BIP 341 for an internal key, and a tree of scripts if there is one."""
    return b"\x51\x20" + taproot_output(point, merkle_root)[1:]


def taproot_root(first: bytes, second: bytes) -> bytes:
    """The Merkle root of a tree of two scripts."""
    leaves = (tagged_hash("TapLeaf", b"\xc0" + bytes([len(script)]) + script) for script in (first, second))
    return tagged_hash("TapBranch", b"".join(sorted(leaves)))


def tagged_hash(tag: str, message: bytes) -> bytes:
    """The hash of BIP 340 with a tag."""
    tag_hash = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(tag_hash + tag_hash + message).digest()


# libsecp256k1 has its own 64 bytes for a point and for a signature.


def _parse(point: bytes) -> bytes:
    parsed: bytes = secp256k1.ec_pubkey_parse(point)
    return parsed


def _serialize(parsed: bytes) -> bytes:
    point: bytes = secp256k1.ec_pubkey_serialize(parsed)
    return point


def _uncompressed(parsed: bytes) -> bytes:
    point: bytes = secp256k1.ec_pubkey_serialize(parsed, secp256k1.EC_UNCOMPRESSED)
    return point


def _product(point: bytes, scalar: int) -> bytes:
    parsed = _parse(point)
    secp256k1.ec_pubkey_tweak_mul(parsed, scalar_bytes(scalar))  # in place
    return parsed


def _signed(secret: int, message: bytes) -> bytes:
    signature: bytes = secp256k1.ecdsa_sign(hashlib.sha256(message).digest(), scalar_bytes(secret))
    return signature
