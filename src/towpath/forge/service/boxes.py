"""Sealed boxes: how GitHub's clients send a secret, which only this server can open.

One key pair serves all repositories. Its private half is a secret like others, sealed by the
server's keys; it is made when somebody first asks for the public half.
"""

from base64 import b64encode
from dataclasses import dataclass

from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from towpath.forge.model.names import handle_of
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.kernel.secrets import service as secrets

_OWNER, _NAME = "forge:boxes", "private-key"


@dataclass(frozen=True)
class BoxKey:
    """What a client closes boxes with; `id` comes back with each box."""

    id: str
    public: str


def box_key(kernel: Kernel) -> BoxKey:
    """The public half of this server's key, which is made if there is none yet."""
    return _told(_private(kernel))


def open_box(kernel: Kernel, key_id: str, sealed: str) -> str:
    """Read what a box holds; InvalidInput if it was closed with another key, or is no text."""
    private = _private(kernel)
    if key_id != _told(private).id:
        raise InvalidInput("This key is not in use.", next_step="Ask for the public key again.")
    try:
        return SealedBox(private).decrypt(sealed.encode(), encoder=Base64Encoder).decode()
    except (CryptoError, ValueError, TypeError):
        raise InvalidInput(
            "The value cannot be opened.",
            next_step="Seal it with libsodium's crypto_box_seal and send it in base64.",
        ) from None


def _told(private: PrivateKey) -> BoxKey:
    public = b64encode(bytes(private.public_key)).decode()
    return BoxKey(str(handle_of(public)), public)


def _private(kernel: Kernel) -> PrivateKey:
    ring = secrets.load(kernel)
    try:
        found = kernel.db.read(lambda tx: secrets.get(tx, ring, _OWNER, _NAME))
    except NotFound:
        made = b64encode(bytes(PrivateKey.generate())).decode()
        found = kernel.db.write(lambda tx: _first(tx, ring, made))
    return PrivateKey(found.reveal().encode(), Base64Encoder)


def _first(tx: Tx, ring: secrets.Ring, made: str) -> secrets.Hidden:
    """Keep this one unless somebody was faster."""
    if not secrets.names(tx, _OWNER):
        secrets.put(tx, ring, _OWNER, _NAME, made)
    return secrets.get(tx, ring, _OWNER, _NAME)
