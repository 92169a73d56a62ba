"""Two stores behind one interface.

interface      Tx and Database: all that a part may see
sqlite         one writing connection with group commit; query_only readers
sqlite_queue   writers waiting for a commit
sqlite_file    the file: its lock, its pragmas, its log
postgres       serializable transactions, run again when they collide
notifications  NOTIFY as the wake between processes
listeners      who wants to hear of wakes in this one
opening        from a URL to a Database
migrate        Alembic, one history per part
"""
