"""Log in at an OpenID Connect provider, by authorization code with PKCE.

model      which claims make which person, role and teams
store      log-ins under way, and who is who
proof      our client secret, from wherever it is kept
provider   all that goes over the network: discovery, keys, codes for claims
service    begin and finish a log-in
pages      /login/oidc, and where the provider sends people back to
"""
