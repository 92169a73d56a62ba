"""Every SQL statement of pipelines.

tables   the tables
suites   suites and runs
jobs     jobs and their steps
leases   who holds which job
"""
