"""AES-256-GCM with a fresh nonce for each sealing; the sealed text begins with its key's id.

The row's id, its owner and its name are bound as associated data: a sealed value that somebody
copies into another row does not open there.
"""

import base64
import binascii
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from towpath.kernel.errors import PermanentError, Unavailable
from towpath.kernel.secrets.keys import Ring

_NONCE = 12


@dataclass(frozen=True)
class Place:
    """Where a value lies: an id of its row, whose it is, what it is called."""

    id: str
    owner: str
    name: str

    @property
    def bound(self) -> bytes:
        return f"towpath secret\0{self.id}\0{self.owner}\0{self.name}".encode()


class Hidden:
    """A secret in memory: printing, logging or encoding it shows nothing of it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; call it where it is used, and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        return "Hidden(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True)
class Sealed:
    key: str
    text: str = field(repr=False)


def seal(ring: Ring, key: str, place: Place, value: str) -> Sealed:
    nonce = os.urandom(_NONCE)
    closed = AESGCM(_key(ring, key, place)).encrypt(nonce, value.encode(), place.bound)
    return Sealed(key, f"{key}:{base64.b64encode(nonce + closed).decode()}")


def unseal(ring: Ring, text: str, place: Place) -> Hidden:
    """Open what `seal` made for the same place; PermanentError when it is something else."""
    key, _, body = text.partition(":")
    cipher = AESGCM(_key(ring, key, place))
    try:
        raw = base64.b64decode(body, validate=True)
        return Hidden(cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.bound).decode())
    except (InvalidTag, binascii.Error, ValueError):
        raise PermanentError(
            f"The secret {place.name} of {place.owner} was changed in the database.",
            next_step="Set it again, and look into the audit log and who can write there.",
        ) from None


def _key(ring: Ring, key: str, place: Place) -> bytes:
    if key in ring.keys:
        return ring.keys[key]
    raise Unavailable(
        f"The secret {place.name} of {place.owner} needs the key {key}, which {ring.path} lacks.",
        next_step="Put that file back from your backup or copy it from another host of this"
        " installation; if the key is lost for good, set the secret again.",
    )
