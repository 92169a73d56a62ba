"""What programs speak with.

bells   coroutines wait for wakes without a thread each
runner  the wire of runners: claim, log, steps, heartbeat, finish
runs    runs and logs for everybody else
tails   a log as server-sent events
"""
