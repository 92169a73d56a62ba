"""The composition root: the one place that knows every part.

parts    PARTS, the list
serving  one process from its data directory to `ready URL`, and back down
server   what that process holds: database, worker, web, local runner
home     the start page and the list of parked work
cli      the `towpath` command
"""
