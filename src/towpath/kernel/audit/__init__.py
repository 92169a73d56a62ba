"""The audit log: every change with who, what, before, after and from where.

model      Action, Entry, Search; what is never kept
store      every SQL statement; entries are added and, when old, forgotten
service    `record`, in the transaction of the change; `search`, `export`
api, pages /api/towpath/v1/audit, /audit
"""
