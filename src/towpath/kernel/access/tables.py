"""The tables of users, teams, grants, tokens, sessions, failed log-ins, outside identities."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()
USER = Table(
    "access_user",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    # The highest of access_site_role, kept here because every request asks for it.
    Column("role", Integer, nullable=False),
    Column("password", Text),
    Column("system", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("owner", String(40)),
    Column("deactivated", BigInteger),
)
SITE_ROLE = Table(
    "access_site_role",
    METADATA,
    Column("user_id", String(40), ForeignKey("access_user.id"), primary_key=True),
    Column("source", String(60), primary_key=True),
    Column("role", Integer, nullable=False),
)
TEAM = Table(
    "access_team",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("slug", String(63), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)
MEMBER = Table(
    "access_member",
    METADATA,
    Column("user_id", String(40), ForeignKey("access_user.id"), primary_key=True),
    Column("team_id", String(40), ForeignKey("access_team.id"), primary_key=True, index=True),
    Column("source", String(60), primary_key=True),
)
GRANT = Table(
    "access_grant",
    METADATA,
    # A user's or a team's id: their prefixes tell them apart.
    Column("holder", String(40), primary_key=True),
    Column("resource", String(200), primary_key=True, index=True),
    Column("role", Integer, nullable=False),
)
TOKEN = Table(
    "access_token",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("access_user.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("used", BigInteger),
)
SESSION = Table(
    "access_session",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("user_id", String(40), ForeignKey("access_user.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
)
FAILURE = Table(
    "access_failure",
    METADATA,
    Column("who", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)
# Whom a provider means by a subject; neither a login nor an e-mail address names anybody for good.
IDENTITY = Table(
    "access_identity",
    METADATA,
    Column("issuer", String(300), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", String(40), ForeignKey("access_user.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
)
# A log-in under way: `state` and `browser` are hashes; the row goes when it is answered.
ATTEMPT = Table(
    "access_attempt",
    METADATA,
    Column("state", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("nonce", String(100), nullable=False),
    Column("verifier", String(100), nullable=False),
    Column("goes_to", Text, nullable=False),
    Column("created", BigInteger, nullable=False, index=True),
)
