"""Secp256k1 arithmetic of the Spark protocol: key shares of three operators, tweaks, tagged hashes.

Scalars are ``int`` modulo the group order, points are 33-byte compressed public keys.
An operator with number ``i`` (0, 1, 2) holds the value of a line at ``x = i + 1``; two of the three
values give the secret, the value at ``x = 0``.
"""

import functools
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence

from coincurve import PrivateKey, PublicKey, PublicKeyXOnly
from coincurve.ecdsa import cdata_to_der, deserialize_compact
from coincurve.utils import GROUP_ORDER_INT
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ORDER: int = GROUP_ORDER_INT
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
    return PublicKey.from_valid_secret(scalar_bytes(scalar)).format()


def add_points(*points: bytes) -> bytes:
    """The sum of points; raises ValueError if one is no point or the sum is the point at infinity."""
    return PublicKey.combine_keys([PublicKey(point) for point in points]).format()


def add_multiple(point: bytes, other: bytes, scalar: int) -> bytes:
    """``point + scalar·other``; raises ValueError as `add_points` does, or if the scalar is 0."""
    multiple = PublicKey(other).multiply(scalar_bytes(scalar))
    return PublicKey.combine_keys([PublicKey(point), multiple]).format()


def points_on_line(start: bytes, slope: bytes, count: int) -> list[bytes]:
    """``start + slope``, ``start + 2·slope`` and so on; raises ValueError as `add_points` does."""
    at, step = PublicKey(start), PublicKey(slope)
    points = []
    for _ in range(count):
        at = PublicKey.combine_keys([at, step])
        points.append(at.format())
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


@functools.lru_cache(maxsize=1024)  # asked for as shares are checked, and as they are taken
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


@functools.lru_cache(maxsize=16)  # the few who sign sign all the time, and to make one costs more than to sign
def _signer(secret: int) -> PrivateKey:
    return PrivateKey(scalar_bytes(secret))


def sign(secret: int, message: bytes) -> bytes:
    """DER ECDSA signature over sha256 of the message."""
    return _signer(secret).sign(message)


def sign_compact(secret: int, message: bytes) -> bytes:
    """64-byte ECDSA signature over sha256 of the message."""
    return _signer(secret).sign_recoverable(message)[:64]


def sign_taproot(secret: int, message: bytes) -> bytes:
    """BIP 340 signature over sha256 of the message, by the BIP 341 output key of a secret without script tree."""
    point = public_key(secret)
    even = secret if point[0] == 2 else -secret
    return PrivateKey(scalar_bytes(even + taproot_tweak(point))).sign_schnorr(hashlib.sha256(message).digest())


def verify(point: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a DER or a 64-byte compact ECDSA signature over sha256 of the message is good."""
    try:
        if len(signature) == 64:
            signature = cdata_to_der(deserialize_compact(signature))
        return PublicKey(point).verify(signature, message)
    except ValueError:
        return False


def verify_schnorr(x_only: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a BIP 340 signature over the 32 bytes of a message is good."""
    try:
        return PublicKeyXOnly(x_only).verify(signature, message)
    except ValueError:
        return False


def encrypt(point: bytes, message: bytes) -> bytes:
    """ECIES to a public key: ephemeral key, nonce, tag, cipher text; AES-256-GCM under HKDF-SHA256."""
    return encryption(point)(message)


def encryption(point: bytes) -> Callable[[bytes], bytes]:
    """`encrypt` for messages that belong together: under one ephemeral key, each with a nonce of its own."""
    ephemeral = scalar_bytes(random_scalar())
    sender = PublicKey.from_valid_secret(ephemeral).format(compressed=False)
    shared = PublicKey(point).multiply(ephemeral).format(compressed=False)
    cipher = AESGCM(_derive_key(sender, shared))

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
        shared = PublicKey(sender).multiply(scalar_bytes(secret)).format(compressed=False)
        return AESGCM(_derive_key(sender, shared)).decrypt(nonce, sealed + tag, None)
    except (InvalidTag, ValueError) as error:
        raise ValueError("cannot be decrypted") from error


def _derive_key(sender: bytes, shared: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=None).derive(sender + shared)


@functools.lru_cache(maxsize=4096)  # of a leaf's key several times over
def taproot_output(point: bytes, merkle_root: bytes = b"") -> bytes:
    """The output key of BIP 341 for an internal key, and a tree of scripts if there is one."""
    return PublicKey(b"\x02" + point[1:]).add(tagged_hash("TapTweak", point[1:] + merkle_root)).format()


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
