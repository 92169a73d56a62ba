#!/bin/sh
# Pins every dependency with its hashes, for all platforms, without recording where it came from.
# Versions already pinned stay unless UPGRADE=1 asks for the newest.
set -eu
uv=${1:-uv}
cd "$(dirname "$0")/.."

compile() {
    output=requirements/$1.txt
    shift
    "$uv" pip compile --quiet ${UPGRADE:+--upgrade} --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" -o "$output"
    echo "wrote $output"
}

compile runtime pyproject.toml
compile dev pyproject.toml --group dev -c requirements/runtime.txt
compile e2e --group e2e -c requirements/dev.txt
compile bench --group bench -c requirements/dev.txt
