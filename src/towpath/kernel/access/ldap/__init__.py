"""Users and teams from an LDAP directory.

model      which entries make which people and teams; groups in groups
reading    asking a directory, page by page
bringing   what of that is new here, and what has vanished
api        POST /api/towpath/v1/people/ldap, which `towpath users import-ldap` calls
"""
