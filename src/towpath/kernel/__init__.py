"""What every part stands on, without one word of any domain.

errors, ids, clock      the smallest words
settings, log, context  what one process was told and where it writes
db                      two stores behind one interface: write(fn), read(fn)
work, outbox            due work as rows; facts delivered through it
access, http, pages     who calls, how they call, what they see
plugin                  what a part hands to the composition root
"""
