"""How we prove to the provider who we are: our client secret, from wherever it is kept.

A file comes first, then the environment, then the secret of the site. It is read for each log-in,
so a new one counts at once, in every process.
"""

from pathlib import Path

from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound, PermanentError, Unavailable
from towpath.kernel.secrets import service as secrets

NAME = "oidc-client-secret"


def client_secret(kernel: Kernel) -> str:
    """Find it; empty when we have none, as a public client."""
    file = kernel.settings.oidc_secret_file
    return _in_file(file) if file else kernel.settings.oidc_secret or _kept(kernel)


def _in_file(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(
            "The file with our client secret cannot be read.",
            next_step="Ask an administrator to look at TOWPATH_OIDC_SECRET_FILE.",
        ) from error


def _kept(kernel: Kernel) -> str:
    """A stranger at the door is told neither the place of the keys nor what is wrong with them."""
    ring = secrets.load(kernel)

    def read(tx: Tx) -> str:
        try:
            return secrets.get(tx, ring, secrets.SITE, NAME).reveal()
        except NotFound:
            return ""

    try:
        return kernel.db.read(read)
    except (Unavailable, PermanentError) as error:
        raise Unavailable(
            "Our client secret cannot be read.",
            next_step="Ask an administrator to look at the page /health.",
        ) from error
