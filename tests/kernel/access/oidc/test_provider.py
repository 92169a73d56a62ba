"""What a provider could answer and must not be believed; keys and answers are made here."""

import base64
import hmac
import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from towpath.kernel.access.oidc import provider as module
from towpath.kernel.access.oidc.provider import Provider
from towpath.kernel.clock import SECOND, ManualClock
from towpath.kernel.errors import InvalidInput, Unauthenticated, Unavailable
from towpath.kernel.settings import Settings

ISSUER = "https://id.test"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
ABOUT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def pages():
    """What the made-up provider has at its addresses; a test may change it."""
    return {
        f"{ISSUER}/.well-known/openid-configuration": ABOUT,
        f"{ISSUER}/jwks": KeySet([KEY]).as_dict(private=False),
    }


@pytest.fixture
def provider(pages, clock, monkeypatch):
    monkeypatch.setattr(module, "_get", lambda address: pages[module._safe(address)])
    chosen = Settings(oidc_issuer=ISSUER, oidc_client="us")
    back = "https://towpath.test/login/oidc/callback"
    return Provider(chosen, clock, back, lambda: "a secret of the house")


@pytest.fixture
def token(clock):
    def make(key=KEY, alg="RS256", **more):
        now = clock.now() // SECOND
        claims = {
            "iss": ISSUER,
            "sub": "1",
            "aud": "us",
            "iat": now,
            "exp": now + 60,
            "nonce": "n",
        }
        said = {name: value for name, value in (claims | more).items() if value is not None}
        header = {"alg": alg, "kid": "one"}
        return {"id_token": jwt.encode(header, said, key, algorithms=[alg]), "access_token": "a"}

    return make


def test_a_good_answer_is_believed(provider, token):
    assert provider.checked(token(), "n")["sub"] == "1"
    assert provider.checked(token(aud=["us", "them"], azp="us"), "n")["sub"] == "1"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"iss": "https://evil.test"}, "iss"),
        ({"aud": "them"}, "aud"),
        ({"aud": ["them", "others"]}, "aud"),
        ({"aud": ["us", "them"], "azp": "them"}, "azp"),
        ({"aud": ["us", "them"]}, "azp"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"iat": 9_000_000_000, "exp": 9_000_000_060}, "clock"),
        ({"at_hash": "wrong"}, "at_hash"),
    ],
)
def test_a_wrong_claim_is_refused_and_named(provider, token, wrong, named):
    with pytest.raises(Unauthenticated, match=named):
        provider.checked(token(**wrong), "n")


def test_a_minute_between_the_clocks_is_borne(provider, token, clock):
    made = token()
    clock.advance(-50)
    assert provider.checked(made, "n")
    clock.advance(50 + 60 + 50)
    assert provider.checked(made, "n")
    clock.advance(30)
    with pytest.raises(Unauthenticated, match="expired"):
        provider.checked(made, "n")


def test_an_answer_without_a_signature_is_refused(provider, token):
    _, claims, _ = token()["id_token"].split(".")
    header = _part(json.dumps({"alg": "none"}).encode())
    with pytest.raises(Unauthenticated, match="signature"):
        provider.checked({"id_token": f"{header}.{claims}."}, "n")


@pytest.mark.parametrize(
    "shared", [b"a secret of the house", KEY.as_pem(private=False)], ids=["secret", "public key"]
)
def test_an_answer_signed_with_what_others_know_is_refused(provider, token, pages, shared):
    _, claims, _ = token()["id_token"].split(".")
    text = f"{_part(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{claims}"
    signature = _part(hmac.digest(shared, text.encode(), "sha256"))
    pages[f"{ISSUER}/jwks"]["keys"].append({"kty": "oct", "kid": "one", "k": _part(shared)})
    with pytest.raises(Unauthenticated, match="signature"):
        provider.checked({"id_token": f"{text}.{signature}"}, "n")


def _part(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_an_answer_signed_with_an_unknown_key_is_refused(provider, token):
    with pytest.raises(Unauthenticated, match="signature"):
        provider.checked(token(OTHER), "n")


def test_an_answer_of_another_shape_is_refused(provider):
    for answer in ({}, {"id_token": 7}, {"id_token": "no token"}, {"id_token": "a.b.c"}):
        with pytest.raises(Unauthenticated):
            provider.checked(answer, "n")


def test_new_keys_are_asked_for_when_the_known_ones_do_not_fit(provider, token, pages):
    assert provider.checked(token(), "n")
    pages[f"{ISSUER}/jwks"] = KeySet([OTHER]).as_dict(private=False)
    assert provider.checked(token(OTHER), "n")


@pytest.mark.parametrize("said", [{"issuer": "https://evil.test"}, {"jwks_uri": None}])
def test_a_provider_that_says_it_is_another_is_not_used(provider, pages, said):
    pages[f"{ISSUER}/.well-known/openid-configuration"] = ABOUT | said
    assert not provider.answers()


def test_a_provider_is_asked_again_after_a_while(provider, pages, clock):
    assert provider.answers()
    pages.clear()
    assert provider.answers()
    clock.advance(16)
    assert not provider.answers()
    with pytest.raises(Unavailable, match="single sign-on"):
        provider.farewell("/login")


def test_a_provider_without_a_way_out_leads_back_to_us(provider):
    assert provider.farewell("https://towpath.test/login") == "https://towpath.test/login"


@pytest.mark.parametrize("address", ["http://id.test", "ftp://id.test", "", "id.test"])
def test_a_provider_is_reached_over_https_or_on_this_machine(address):
    with pytest.raises(InvalidInput, match="over https"):
        module._safe(address)
    assert module._safe("http://127.0.0.1:9/x") == "http://127.0.0.1:9/x"
