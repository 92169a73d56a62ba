"""What pipelines offer on the command line.

running   `towpath run` and `towpath runner`
judging   `towpath pipelines lint` and `eval`
"""
