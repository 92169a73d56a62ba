"""The tables of forge; migrations/ holds how they came to be."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()
REPOSITORY = Table(
    "forge_repository",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("name", String(100), nullable=False),
    Column(
        "address", String(141), nullable=False, unique=True
    ),  # lower case: names differ in more
    Column("default_branch", Text, nullable=False),
    Column("protected", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("snapshot", BigInteger, nullable=False),
    Column("requests", Integer, nullable=False),
)
REF = Table(
    "forge_ref",
    METADATA,
    Column("repository", String(40), primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("sha", String(40), nullable=False),
)
MERGE_REQUEST = Table(
    "forge_merge_request",
    METADATA,
    Column("repository", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", String(40), nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("head", String(40), nullable=False),
    Column("base", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("merged_as", String(40)),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Index("forge_merge_request_by_state", "repository", "state", "number"),
)
REVIEW = Table(
    "forge_review",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("repository", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("author", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("head", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("forge_review_by_request", "repository", "number", "id"),
)
COMMENT = Table(
    "forge_comment",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("repository", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("author", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("once", String(200)),
    Index("forge_comment_by_request", "repository", "number", "id"),
    UniqueConstraint("repository", "number", "once", name="forge_comment_once"),
)
STATUS = Table(
    "forge_status",
    METADATA,
    Column("repository", String(40), primary_key=True),
    Column("sha", String(40), primary_key=True),
    Column("context", String(200), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("description", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("author", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
)
INTENT = Table(
    "forge_intent",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("repository", String(40), nullable=False, index=True),
    Column("push", String(40), nullable=False),
    Column("author", String(40), nullable=False),
    Column("wish", Text, nullable=False),
    Column("number", Integer),
    Column("at", BigInteger, nullable=False),
)
THREAD = Table(
    "forge_thread",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("repository", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("side", String(3), nullable=False),
    Column("line", Integer, nullable=False),
    Column("commit", String(40), nullable=False),
    Column("resolved_by", String(40)),
    Index("forge_thread_by_request", "repository", "number", "id"),
)
REMARK = Table(
    "forge_remark",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("thread", String(40), nullable=False, index=True),
    Column("author", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
