"""Every SQL statement of pipelines.

tables   the tables
suites   suites and runs
jobs     jobs, their leases, their steps
"""
