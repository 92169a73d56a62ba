"""Moves main to a commit only if exactly that commit was tested and approved.

model/queue      what is recorded about a merge request, what the world says, what may be done
model/decide     from rows and the world to actions: pure, replayable
model/commands   what people tell us in comments
store, service   rows; the verbs: observe, step, perform, queue, change, explain
reactions, loops nudges from facts; the loop that carries decisions out
"""
