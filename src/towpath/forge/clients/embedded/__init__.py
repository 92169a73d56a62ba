"""Bare repositories under DATA/repositories, driven through the git program.

git       one git process: arguments, environment, configuration, the writers' lock
refs      creating a repository; reading and moving refs, durably and leased
merging   merging two commits without a working tree
objects   files, commits and differences by object name
upkeep    what a crash leaves behind; collecting garbage
wire      upload-pack and receive-pack as streams for HTTP
hook      what asks us, before refs move, whether a push may be taken
"""
