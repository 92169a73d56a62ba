"""The composition root: the one place that knows every part.

parts    PARTS, the list
place    what a server takes for itself: its directory, its port, its hook socket
server   one process from its data directory to `ready URL`, and back down
home     the start page and the list of parked work
demo     the main job on real input, driven from outside
cli      the `towpath` command
"""
