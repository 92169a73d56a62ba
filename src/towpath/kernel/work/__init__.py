"""Due work and timers as rows, written in the same transaction as the state they serve.

model     Item, Handler, Schedule; back-off as a pure function
store     every SQL statement
service   add, cancel, schedule, parked, retry, lag: what parts call
worker    claims, runs, finishes; wakes at once, idles for free
"""
