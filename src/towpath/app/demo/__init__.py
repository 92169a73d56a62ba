"""`towpath demo`: real merge requests on a real repository, driven from outside like a user.

canal     the small module the demo adds to a project, and the changes people propose to it
project   which tree is pushed, and how it becomes a repository with that module on top
serving   a `towpath serve` of its own on a temporary data directory, and how to talk to it
journey   push, open, approve, watch: what happened to each request
record    what stays behind, for a stranger to check (tests/e2e/verify.py)
telling   progress and the table at the end
command   the command itself
"""
