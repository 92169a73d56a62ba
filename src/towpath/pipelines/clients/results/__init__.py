"""What jobs leave behind, as files under DATA/results, each named by the SHA-256 of its bytes.

blobs     written whole or not at all, read, swept away when nothing needs them
"""
