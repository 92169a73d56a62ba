"""Every schema that a release ever had, with rows in it.

A schema is the state of one part's history at one revision, made by the migrations themselves;
the other parts are at their newest, for no part's migration knows another's tables. Rows are
made from what the database says of its columns, so a new migration is covered the day it is
written. A column whose text has a form of its own is named in FORMS.
"""

from dataclasses import replace

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, MetaData, create_engine
from sqlalchemy.engine import make_url

from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.db.migrate import known_revisions, upgrade

HISTORIES = histories(PARTS)
ROWS = 3
FORMS = {
    "payload": "{}",
    "body": "{}",
    "protected": "[]",
    "wish": "{}",
    "state": "parked",  # of work: what no worker touches and no index makes unique
}


def earlier():
    """Each revision of each part but its newest."""
    return [
        (history.name, revision)
        for history in HISTORIES
        for revision in known_revisions(history)
        if revision != history.revision
    ]


def firsts():
    """All parts as their first release made them."""
    return {history.name: known_revisions(history)[0] for history in HISTORIES}


def build(url, revisions):
    """A database whose parts are at `revisions`, or at their newest where none is named."""
    upgrade(
        url,
        [replace(each, revision=revisions.get(each.name, each.revision)) for each in HISTORIES],
    )


def reflect(connection):
    found = MetaData()
    found.reflect(connection)
    return [
        table for table in found.sorted_tables if not table.name.startswith("alembic_version_")
    ]


def fill(url):
    """Put rows into every table; returns what is in them now."""
    engine = connect(url)
    with engine.begin() as connection:
        for table in reflect(connection):
            for number in range(1, ROWS + 1):
                row = {column.name: value(column, number) for column in table.columns}
                connection.execute(table.insert(), row)
        found = read(connection)
    engine.dispose()
    return found


def value(column, number):
    """Something that fits the column; the same number refers to the same row everywhere."""
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, (Integer, BigInteger, Float)):
        return number
    if isinstance(column.type, LargeBinary):
        return bytes([number])
    if column.name in FORMS and not column.primary_key:
        return FORMS[column.name]
    text = str(number)
    length = getattr(column.type, "length", None)
    return text.rjust(min(length or 8, 8), "0")


def read(connection):
    """Rows by table, each as a set of (column, value) in a list of stable order."""
    return {
        table.name: sorted(
            (dict(row) for row in connection.execute(table.select()).mappings()), key=str
        )
        for table in reflect(connection)
    }


def look(url):
    engine = connect(url)
    with engine.connect() as connection:
        found = read(connection)
    engine.dispose()
    return found


def connect(url):
    parsed = make_url(url)
    name = "postgresql+psycopg" if parsed.drivername == "postgresql" else parsed.drivername
    return create_engine(parsed.set(drivername=name))
