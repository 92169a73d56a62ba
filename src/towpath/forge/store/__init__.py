"""Every SQL statement of forge.

tables        what there is
repositories  repositories, their refs as last seen, what pushes asked for
requests      merge requests and what is said about them and about commits
"""
