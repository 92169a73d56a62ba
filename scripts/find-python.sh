#!/bin/sh
# Prints the first Python of 3.11 or newer, or nothing. A shim that cannot run is passed over.
for name in python3.11 python3.12 python3.13 python3.14 python3 /usr/bin/python3; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        echo "$path"
        exit 0
    fi
done
