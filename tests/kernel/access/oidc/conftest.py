"""A real provider, and a house whose clock goes with the provider's but can be moved."""

from dataclasses import replace

import pytest

from tests.servers import oidc
from towpath.kernel.clock import ManualClock, SystemClock

CALLBACK = "http://towpath.test/login/oidc/callback"


class MovedClock(ManualClock):
    """The real time, and what a test adds to it: tokens of a real provider need both."""

    def __init__(self):
        super().__init__(0)

    def now(self):
        return SystemClock().now() + super().now()


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture(scope="session")
def shared_provider():
    with oidc.provider(CALLBACK) as started:
        yield started


@pytest.fixture
def provider(shared_provider):
    """npm's oidc-provider, in which ann is in ops and devs, and bob in devs."""
    people = {
        "ann": {"name": "Ann Ågren", "groups": ["ops", "devs"]},
        "bob": {"name": "Bob", "groups": ["devs"]},
    }
    shared_provider.change(people=people)
    return shared_provider


@pytest.fixture
def configure(kernel):
    """Set settings of the house; Kernel is frozen for everybody but its tests."""

    def change(**wanted):
        object.__setattr__(kernel, "settings", replace(kernel.settings, **wanted))

    return change


@pytest.fixture
def house(provider, configure):
    """A house that knows the provider; call it to change more of its settings."""

    def settle(**wanted):
        configure(
            **{
                "oidc_issuer": provider.issuer,
                "oidc_title": "Canal ID",
                "oidc_client": oidc.CLIENT,
                "oidc_secret": oidc.SECRET,
                "oidc_scopes": "openid profile groups",
                "oidc_groups": "ops=admin,devs=member",
                "oidc_teams": "ops=crew,devs=builders",
            }
            | wanted
        )

    settle()
    return settle


@pytest.fixture
def walk(web, provider):
    """From the button at /login to where the provider sends the browser; it is not opened yet."""

    def go(who, goes_to="/settings/tokens"):
        begun = web.get("/login/oidc", params={"next": goes_to}, follow_redirects=False)
        assert begun.status_code == 303, begun.text
        return provider.walk(begun.headers["location"], who)

    return go


@pytest.fixture
def log_in(web, walk):
    def go(who, goes_to="/settings/tokens"):
        return web.get(walk(who, goes_to), follow_redirects=False)

    return go
