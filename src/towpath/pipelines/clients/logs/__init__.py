"""Log files under DATA/logs, never in the database.

writing   append by offset, on disk before it is acknowledged
reading   bytes, lines and line numbers without loading a file
"""
