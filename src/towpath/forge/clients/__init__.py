"""One folder per kind of git host; `embedded` is our own."""
