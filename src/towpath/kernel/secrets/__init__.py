"""Values that we must be able to read again, but nobody else: encrypted rows, keys in a file.

keys     the key file: made, read, added to, each change on disk before it counts
sealing  AES-256-GCM, bound to the row and its name; Hidden, which does not print itself
store    every SQL statement
service  put, get, names, delete; rotation while serving; what a lost key costs
api      /api/towpath/v1/secrets, for administrators
"""
