"""Pure rules: no file, no git, no SQL.

names      what an owner, a repository, a ref and an object may be called
requests   the records of a repository and the life of a merge request
refs       comparing snapshots of refs; what a push may move; push options
"""
