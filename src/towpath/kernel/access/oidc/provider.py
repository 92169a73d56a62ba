"""All that is said to a provider over the network; none of it inside a transaction.

What it says of itself is asked anew every few seconds at most, so that /login can tell whether it
answers; its keys are asked again when a token names one that we do not know.
"""

import functools
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet

from towpath.kernel.access.oidc.model import Attempt
from towpath.kernel.clock import SECOND, Clock
from towpath.kernel.errors import InvalidInput, TowpathError, Unauthenticated, Unavailable
from towpath.kernel.settings import Settings

_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
    "EdDSA",
)  # fmt: skip
"""Signatures by a key that only the provider has: never `none`, never one that we could make."""
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_SECONDS = 5.0
_FRESH = 15 * SECOND
_DOWN = 5 * SECOND
_SKEW_SECONDS = 60
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """The one provider that the settings name; many threads use it at once."""

    def __init__(
        self, settings: Settings, clock: Clock, callback: str, secret: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._callback = callback
        self._secret = secret
        self._lock = threading.Lock()
        self._said: Mapping[str, Any] | Unavailable | None = None
        self._said_at = 0
        self._keys: KeySet | None = None

    @property
    def title(self) -> str:
        return self._settings.oidc_title

    @property
    def issuer(self) -> str:
        return self._settings.oidc_issuer

    def answers(self) -> bool:
        try:
            self._about()
        except Unavailable:
            return False
        return True

    def address(self, state: str, attempt: Attempt) -> str:
        """Where a browser must go to begin; Unavailable when the provider does not answer."""
        begins: str = self._about()["authorization_endpoint"]
        with self._client() as client:
            address, _ = client.create_authorization_url(
                begins, state=state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        return str(address)

    def farewell(self, back_to: str) -> str:
        """Where a browser ends its session at the provider; `back_to` if it has no such place."""
        ends = self._about().get("end_session_endpoint")
        if not ends:
            return back_to
        told = {"client_id": self._settings.oidc_client, "post_logout_redirect_uri": back_to}
        return f"{_safe(str(ends))}?{urlencode(told)}"

    def names_itself(self) -> bool:
        """Whether its answers must say which provider they come from (RFC 9207)."""
        return bool(self._about().get("authorization_response_iss_parameter_supported"))

    def claims(self, code: str, attempt: Attempt) -> dict[str, Any]:
        """Give the code for what the provider says of a person, and check all of it."""
        about = self._about()
        with self._client() as client, _understood(self.title):
            token = client.fetch_token(
                about["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=attempt.verifier,
            )
            said = self.checked(token, attempt.nonce)
            more = self._userinfo(client, about, said["sub"])
        return more | said

    def checked(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Check signature, issuer, audience, times and nonce of an id token; give its claims."""
        raw, access = token.get("id_token"), token.get("access_token")
        if not isinstance(raw, str):
            raise _refused("it sent no id token")
        try:
            signed = self._signed(raw)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._settings.oidc_client},
                },
                {
                    "nonce": nonce,
                    "client_id": self._settings.oidc_client,
                    "access_token": access,
                },
            )
            claims.validate(self._clock.now() // SECOND, _SKEW_SECONDS)
        except (JoseError, ValueError) as error:
            raise _refused(_words(error)) from error
        return dict(claims)

    def _signed(self, raw: str) -> jwt.Token:
        """Verify with the keys we know, and with those of now if they changed since."""
        try:
            if self._keys is not None:
                return jwt.decode(raw, self._keys, algorithms=list(_ALGORITHMS))
        except (JoseError, ValueError):
            pass  # perhaps signed with a key made since; what is asked below decides
        self._keys = _usable(_get(self._about()["jwks_uri"]))
        return jwt.decode(raw, self._keys, algorithms=list(_ALGORITHMS))

    def _userinfo(
        self, client: OAuth2Client, about: Mapping[str, Any], subject: str
    ) -> dict[str, Any]:
        """Many providers say names and groups only here; it must speak of the same person."""
        if not about.get("userinfo_endpoint"):
            return {}
        reply = client.get(_safe(about["userinfo_endpoint"]))
        more = reply.raise_for_status().json()
        if not isinstance(more, dict) or more.get("sub") != subject:
            raise _refused("it told about somebody else")
        return more

    def _client(self) -> OAuth2Client:
        offered = self._about().get("token_endpoint_auth_methods_supported", ())
        method = "client_secret_post" if "client_secret_post" in offered else "client_secret_basic"
        secret = self._secret()
        return OAuth2Client(
            client_id=self._settings.oidc_client,
            client_secret=secret or None,
            token_endpoint_auth_method=method if secret else "none",
            scope=self._settings.oidc_scopes,
            redirect_uri=self._callback,
            code_challenge_method="S256",
            timeout=_SECONDS,
            verify=_tls(),
        )

    def _about(self) -> Mapping[str, Any]:
        """What the provider says of itself; one thread asks, the others wait for its answer."""
        with self._lock:
            age = _DOWN if isinstance(self._said, Unavailable) else _FRESH
            if self._said is None or not 0 <= self._clock.now() - self._said_at < age:
                self._said, self._said_at = self._ask(), self._clock.now()
        if isinstance(self._said, Unavailable):
            raise Unavailable(self._said.detail, next_step=self._said.next_step)
        return self._said

    def _ask(self) -> Mapping[str, Any] | Unavailable:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            with _understood(self.title):
                said = _get(address)
        except Unavailable as error:
            return error
        if said.get("issuer") != self.issuer:
            return _down(self.title, f"says it is {str(said.get('issuer'))[:200]!r}")
        missing = [name for name in _NEEDED if not isinstance(said.get(name), str)]
        if missing:
            return _down(self.title, f"does not say its {missing[0]}")
        for name in _NEEDED:
            _safe(said[name])
        return said


@functools.cache
def _tls() -> ssl.SSLContext:
    """Read the machine's certificates once; it takes longer than most requests."""
    return ssl.create_default_context()


def _get(address: str) -> dict[str, Any]:
    reply = httpx2.get(_safe(address), timeout=_SECONDS, verify=_tls())
    said = reply.raise_for_status().json()
    if not isinstance(said, dict):
        raise TypeError(f"{address} does not answer with an object")
    return said


@contextmanager
def _understood(title: str) -> Iterator[None]:
    """Turn what can go wrong on the way into words for the person who waits."""
    try:
        yield
    except TowpathError:
        raise
    except OAuthError as error:
        raise _refused(f"it answered {str(error.error)[:80]!r} to the code") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError, KeyError) as error:
        raise _down(title, "does not answer as it should") from error


def _usable(said: Mapping[str, Any]) -> KeySet:
    """Keep the public keys for signatures; a shared key would let others sign as well."""
    keys = [
        key
        for key in said.get("keys", ())
        if key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": keys})


def _safe(address: str) -> str:
    """Refuse an address over which a code or a key could be read or changed on the way."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
        return address
    raise InvalidInput(
        f"The provider must be reached over https, which {address[:200]!r} is not.",
        next_step="Correct TOWPATH_OIDC_ISSUER, or what the provider says of itself.",
    )


def _words(error: Exception) -> str:
    if isinstance(error, ExpiredTokenError):
        return "its answer has expired, or its clock and ours differ"
    if isinstance(error, InvalidClaimError) and error.claim in {"iat", "nbf"}:
        return "its answer is from the future: its clock and ours differ"
    if isinstance(error, InvalidClaimError | MissingClaimError):
        return f"its answer has a wrong or missing {error.claim!r}"
    return "its signature is not one we accept"


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(
        f"What the provider answered cannot be trusted: {why}.",
        next_step="Begin again; if it stays, tell an administrator these words.",
    )


def _down(title: str, what: str) -> Unavailable:
    return Unavailable(
        f"The provider ({title}) {what}.",
        next_step="Try again in a minute, or log in with a password.",
    )
