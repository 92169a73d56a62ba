"""Two stores behind one interface.

interface   Tx and Database: all that a part may see
sqlite      one writing connection with group commit; query_only readers
postgres    serializable transactions, retried; NOTIFY as the wake
opening     from a URL to a Database
migrate     Alembic, one history per part
"""
