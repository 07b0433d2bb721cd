#!/usr/bin/env bash
# Makes .venv and installs one of the lock files into it: `run` (to use the connector) or `dev` (to work on it).
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:?run or dev}
lock=requirements.lock
[ "$kind" = run ] || lock=requirements-dev.lock

say() { printf '%s\n' "$*" >&2; }

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "Python 3.11 or newer is needed. Install it (apt-get install python3), or name one: make PYTHON=/path/to/python3 ..."
  say "Нужен Python 3.11 или новее. Установите его (apt-get install python3) или укажите: make PYTHON=/путь/к/python3 ..."
  exit 1
}

ensure_venv_module() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  local version
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if .ci/apt.sh "python$version-venv" || .ci/apt.sh python3-venv; then
    return
  fi
  say "This Python cannot make virtual environments. Run: sudo apt-get install python3-venv"
  say "Этот Python не умеет создавать виртуальные окружения. Выполните: sudo apt-get install python3-venv"
  exit 1
}

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  python=$(find_python)
  ensure_venv_module "$python"
  say "Making .venv with $python"
  "$python" -m venv --clear .venv
fi

say "Installing $lock"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r "$lock"
.venv/bin/python .ci/link.py
touch .venv/.stamp-run
[ "$kind" = run ] || touch .venv/.stamp-dev
