"""Where the kernel's tables are gathered: work, outbox, access and http declare theirs on it."""

from sqlalchemy import MetaData

METADATA = MetaData()
