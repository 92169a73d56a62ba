"""The door to git hosts: repositories, merge requests, reviews, commit statuses.

model     names and refs as hostile input, the life of a merge request, what a push may do
formats   git's diff output as rows
store     every SQL statement; the snapshot of refs
clients   embedded: bare repositories of our own, driven through the git program
service   the verbs other parts call; git is the truth for refs, rows follow it
api       git over HTTP, the pre-receive hook's socket, REST in the GitHub dialect
pages     repository, merge request
"""
