"""The one place that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from towpath.kernel.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation may choose; each is also an environment variable TOWPATH_<NAME>."""

    max_body_bytes: int = 1_048_576
    """Largest request body outside git and log uploads, in bytes."""
    session_hours: int = 12
    """How long a browser session lives after its last use."""
    token_days: int = 0
    """Longest life of a new API token of a user, in days; 0 sets no limit."""
    worker_threads: int = 4
    """How many pieces of work one process does at a time."""
    retention_days: int = 30
    """How long finished work, delivered facts and idempotency keys are kept."""
    audit_days: int = 400
    """How long the audit log is kept."""
    secret_keys_file: str = ""
    """Where the keys of secrets are; empty: secret.keys in the data directory, made at first."""
    secure_cookies: bool = False
    """Send the session cookie over HTTPS only; set it behind a TLS proxy."""
    trusted_proxies: str = ""
    """Addresses or networks, comma-separated, whose X-Forwarded-* headers count; empty: none."""
    public_url: str = ""
    """Our address as others see it, such as https://towpath.example; empty: what we listen on."""
    otlp_endpoint: str = ""
    """Where traces go by OTLP over HTTP, such as http://collector:4318; empty: nowhere."""
    trace_percent: int = 100
    """How many of a hundred traces are kept; a caller that keeps its own is followed."""
    stop_seconds: int = 20
    """How long a stopping server lets running requests and work finish."""
    api_requests_per_hour: int = 60_000
    """How many requests to /api/v3 each user may send in an hour."""
    api_requests_per_minute: int = 6_000
    """How many of them within one minute."""
    ldap_password: str = field(default="", repr=False)
    """The password with which `towpath users import-ldap` asks the directory; or in a file."""
    oidc_issuer: str = ""
    """Address of an OpenID Connect provider people log in with; empty: none."""
    oidc_title: str = "single sign-on"
    """What people call that provider; it stands on the button at /login."""
    oidc_client: str = "towpath"
    """Our client id at the provider."""
    oidc_secret: str = field(default="", repr=False)
    """Our client secret at the provider; better in a file, or kept by `towpath secrets set`."""
    oidc_secret_file: str = ""
    """A file that holds our client secret, instead of the variable above."""
    oidc_scopes: str = "openid profile"
    """What we ask the provider for; many want one more for groups."""
    oidc_login_claim: str = "preferred_username"
    """The claim that becomes the login; what follows an @ is left out."""
    oidc_name_claim: str = "name"
    """The claim with what people call a person."""
    oidc_groups_claim: str = "groups"
    """The claim that lists a person's groups."""
    oidc_groups: str = ""
    """Site roles by group, such as ops=admin,devs=member; with ; between if a name has commas."""
    oidc_teams: str = ""
    """Teams by group, such as ops=crew,devs=builders."""
    oidc_role: str = "viewer"
    """The site role of whoever is in no group named above; none lets nobody else in."""
    oidc_adopts: str = ""
    """Sources, such as ldap, whose users are those whom the provider calls by the same login."""
    artifact_days: int = 30
    """How long artifacts stay, if no file says sooner; never longer than runs are kept."""
    artifact_bytes: int = 10_737_418_240
    """Largest artifact or entry of a cache, in bytes."""
    cache_bytes: int = 10_737_418_240
    """How much each repository may cache, in bytes; beyond it goes what was used longest ago."""
    actions_allowed: str = ""
    """Actions of others that all may use: OWNER/NAME or OWNER/NAME@REF, with commas between."""
    actions_url: str = ""
    """Where they are fetched from if no repository here has that name: https://…/{repository}."""
    webhooks_inside: bool = False
    """Let webhooks be sent to private addresses and to this machine."""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read TOWPATH_* variables; an unreadable one raises InvalidInput with its name."""
    source = os.environ if environment is None else environment  # noqa: TID251 - the one reader
    values: dict[str, Any] = {
        setting.name: _parse(setting.name, source[_variable(setting.name)], setting.type)
        for setting in fields(Settings)
        if _variable(setting.name) in source
    }
    return Settings(**values)


def _variable(name: str) -> str:
    return f"TOWPATH_{name.upper()}"


def _parse(name: str, text: str, kind: Any) -> int | bool | str:
    if kind is str:
        return text
    if kind is bool and text.lower() in {"true", "1", "yes", "false", "0", "no"}:
        return text.lower() in {"true", "1", "yes"}
    if kind is int and text.isdigit():
        return int(text)
    wanted = "yes or no" if kind is bool else "a whole number"
    raise InvalidInput(
        f"{_variable(name)} is {text!r}, which is not {wanted}.",
        next_step=f"Set {_variable(name)} to {wanted} or remove it.",
    )
