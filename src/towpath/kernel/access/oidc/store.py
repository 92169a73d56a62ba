"""Every SQL statement about log-ins under way at a provider, and whom it means by a subject."""

from sqlalchemy import delete, func, insert, select

from towpath.kernel.access.oidc.model import Attempt
from towpath.kernel.access.tables import ATTEMPT, IDENTITY
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx


def add_attempt(tx: Tx, state: str, browser: str, attempt: Attempt) -> None:
    tx.execute(
        insert(ATTEMPT).values(
            state=state,
            browser=browser,
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            goes_to=attempt.goes_to,
            created=tx.now,
        )
    )


def take_attempt(tx: Tx, state: str, browser: str, since: Micros) -> Attempt | None:
    """Find the log-in begun by this browser, and forget it: each is answered once."""
    row = tx.row(select(ATTEMPT).where(ATTEMPT.c.state == state, ATTEMPT.c.browser == browser))
    if row is None:
        return None
    tx.execute(delete(ATTEMPT).where(ATTEMPT.c.state == state))
    young = row["created"] > since
    return Attempt(row["nonce"], row["verifier"], row["goes_to"]) if young else None


def make_room_for_attempts(tx: Tx, before: Micros, most: int) -> None:
    """Drop what is too old, and beyond `most` rows the oldest: a flood must not fill us."""
    tx.execute(delete(ATTEMPT).where(ATTEMPT.c.created <= before))
    if int(tx.scalar(select(func.count()).select_from(ATTEMPT)) or 0) >= most:
        oldest = select(ATTEMPT.c.state).order_by(ATTEMPT.c.created).limit(most // 10)
        tx.execute(delete(ATTEMPT).where(ATTEMPT.c.state.in_(oldest)))


def identified(tx: Tx, issuer: str, subject: str) -> str | None:
    """The id of the user whom a provider means by a subject."""
    chosen = select(IDENTITY.c.user_id).where(
        IDENTITY.c.issuer == issuer, IDENTITY.c.subject == subject
    )
    found = tx.scalar(chosen)
    return None if found is None else str(found)


def has_identity(tx: Tx, user_id: str) -> bool:
    found = select(IDENTITY.c.subject).where(IDENTITY.c.user_id == user_id).limit(1)
    return tx.scalar(found) is not None


def identify(tx: Tx, issuer: str, subject: str, user_id: str) -> None:
    tx.execute(
        insert(IDENTITY).values(issuer=issuer, subject=subject, user_id=user_id, created=tx.now)
    )
