"""Who calls, and what they may do.

model      Role, Principal, User, Team, Grant, and `require`
passwords  argon2id, at most two at a time
tables     what is stored
store      every SQL statement; team_store, those about teams and grants
people     users: made, found, given a role, shut out
teams      teams, members, grants
service    all of the above, tokens, sessions, log in: what parts call
bootstrap  the first administrator, made once
api, pages /api/towpath/v1/{me,users,tokens,sessions}; /login, /logout, /settings/tokens
people_api, people_pages, session_pages  the same for administrators; /settings
"""
