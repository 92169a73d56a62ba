"""Foreign formats, read purely.

diffs   what `git diff` prints, as files, hunks and rows
"""
