"""The kernel's tables, as one history of migrations."""

from sqlalchemy import MetaData

from towpath.kernel import outbox, presence
from towpath.kernel.access import tables as access
from towpath.kernel.audit import store as audit
from towpath.kernel.db.migrate import History
from towpath.kernel.http import idempotency
from towpath.kernel.secrets import store as secrets
from towpath.kernel.work.schedules import SCHEDULE


def _merged(*parts: MetaData) -> MetaData:
    whole = MetaData()
    for part in parts:
        for table in part.sorted_tables:
            table.to_metadata(whole)
    return whole


HISTORY = History(
    name="kernel",
    package="towpath.kernel",
    revision="0008",
    metadata=_merged(
        SCHEDULE.metadata,
        outbox.METADATA,
        access.METADATA,
        idempotency.METADATA,
        presence.METADATA,
        audit.METADATA,
        secrets.METADATA,
    ),
)
