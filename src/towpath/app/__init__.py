"""The composition root: the one place that knows every part.

parts    PARTS, the list
place    what a process takes for itself: its directory, its port, its door
server   one process from its data directory to `ready URL`, and back down
worker   one process that does the work and answers nobody
home     the start page and the list of parked work
demo     the main job on real input, driven from outside
cli      the `towpath` command
"""
