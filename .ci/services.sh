#!/usr/bin/env bash
# Sees to the programs of the named services: redis, postgresql, chromium. They need not run; the demo and the tests start their own.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

redis() {
  command -v redis-server >/dev/null && return
  .ci/apt.sh redis-server && return
  say "redis-server is needed. Run: sudo apt-get install redis-server"
  say "Нужен redis-server. Выполните: sudo apt-get install redis-server"
  exit 1
}

has_postgresql() {
  local server
  for server in /usr/lib/postgresql/*/bin/initdb; do
    [ -x "$server" ] || continue
    server=${server#/usr/lib/postgresql/}
    [ "${server%%/*}" -ge 15 ] && return 0
  done
  return 1
}

postgresql() {
  has_postgresql && return
  .ci/apt.sh postgresql && has_postgresql && return
  say "PostgreSQL 15 or newer is not here: its tests will be SKIPPED. To run them: sudo apt-get install postgresql"
  say "PostgreSQL 15 или новее не найден: его тесты будут ПРОПУЩЕНЫ. Чтобы они шли: sudo apt-get install postgresql"
}

chromium() {
  local program
  for program in chromium chromium-browser google-chrome; do
    type -P "$program" >/dev/null && return  # not command -v: it would find this function
  done
  .ci/apt.sh chromium fonts-dejavu-core && return
  say "Chromium is not here: the tests of the pages will FAIL. To run them: sudo apt-get install chromium"
  say "Chromium не найден: тесты страниц УПАДУТ. Чтобы они шли: sudo apt-get install chromium"
}

for service in "$@"; do
  "$service"
done
