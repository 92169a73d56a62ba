"""Who calls, and what they may do.

model      Role, Principal, User, and `require`
passwords  argon2id, at most two at a time
store      every SQL statement
service    users, tokens, sessions, log in: what parts call
bootstrap  the first administrator, made once
api, pages /api/towpath/v1/{me,users,tokens}; /login, /logout, /settings/tokens
"""
