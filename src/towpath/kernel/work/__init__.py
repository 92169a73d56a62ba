"""Due work and timers as rows, written in the same transaction as the state they serve.

model      Item, Handler, Schedule; back-off as a pure function
store      every SQL statement about items
service    add, cancel, parked, retry, lag, sync_schedules: what parts call
schedules  a tick per schedule; cron says when
worker     claims, runs, settles; wakes at once, idles for free
desk       what lies between its dispatcher and its threads
settling   how a claim ends: done, again later, or parked
"""
