#!/usr/bin/env bash
# Renews requirements.lock (to run) and requirements-dev.lock (to work): every version and every hash, for any platform.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() { ${UV:-uv} pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url "$@"; }

compile pyproject.toml --group dev -o requirements-dev.lock >/dev/null
compile pyproject.toml -o requirements.lock >/dev/null
