#!/usr/bin/env bash
# Sees to the programs of the named services: redis, postgresql, chromium, mail, mariadb, sftp, ldap. They need not run; the demo and the tests start their own.
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
  for program in chromium-headless-shell chromium chromium-browser google-chrome; do
    type -P "$program" >/dev/null && return  # not command -v: it would find this function
  done
  .ci/apt.sh chromium-headless-shell fonts-dejavu-core && return  # the same pages for a quarter less of the machine
  .ci/apt.sh chromium fonts-dejavu-core && return
  say "Chromium is not here: the tests of the pages will FAIL. To run them: sudo apt-get install chromium"
  say "Chromium не найден: тесты страниц УПАДУТ. Чтобы они шли: sudo apt-get install chromium"
}

has_mail() { [ -x /usr/lib/dovecot/imap ] && [ -x /usr/lib/dovecot/lmtp ] && [ -x /usr/sbin/postfix ]; }

# Debian starts what it installs, open to the network: the tests need the programs, not these servers.
silence() {
  [ -d /run/systemd/system ] && [ $# -gt 0 ] || return 0
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  "${as_root[@]}" systemctl disable --now "$@" >&2 || true
}

mail() {
  has_mail && return
  local came=()
  [ -x /usr/sbin/postfix ] || came+=(postfix)
  [ -x /usr/sbin/dovecot ] || came+=(dovecot)
  if .ci/apt.sh dovecot-imapd dovecot-lmtpd postfix && has_mail; then
    silence "${came[@]}"
    return
  fi
  say "Dovecot and Postfix are not here: the tests with real mail servers will be SKIPPED. To run them: sudo apt-get install dovecot-imapd dovecot-lmtpd postfix"
  say "Dovecot и Postfix не найдены: тесты с настоящими почтовыми серверами будут ПРОПУЩЕНЫ. Чтобы они шли: sudo apt-get install dovecot-imapd dovecot-lmtpd postfix"
}

has_mariadb() { [ -x /usr/sbin/mariadbd ]; }

mariadb() {
  has_mariadb && return
  if .ci/apt.sh mariadb-server && has_mariadb; then
    silence mariadb
    return
  fi
  say "MariaDB is not here: its tests will be SKIPPED. To run them: sudo apt-get install mariadb-server"
  say "MariaDB не найден: его тесты будут ПРОПУЩЕНЫ. Чтобы они шли: sudo apt-get install mariadb-server"
}

ldap() {
  [ -x /usr/sbin/slapd ] && return
  if .ci/apt.sh slapd && [ -x /usr/sbin/slapd ]; then
    silence slapd
    return
  fi
  say "OpenLDAP's server is not here: the tests with a real directory will be SKIPPED. To run them: sudo apt-get install slapd"
  say "Сервер OpenLDAP не найден: тесты с настоящим каталогом будут ПРОПУЩЕНЫ. Чтобы они шли: sudo apt-get install slapd"
}

sftp() {
  [ -x /usr/sbin/sshd ] && return
  if .ci/apt.sh openssh-server && [ -x /usr/sbin/sshd ]; then
    silence ssh
    return
  fi
  say "OpenSSH's server is not here: the tests with a real SFTP server will be SKIPPED. To run them: sudo apt-get install openssh-server"
  say "Сервер OpenSSH не найден: тесты с настоящим сервером SFTP будут ПРОПУЩЕНЫ. Чтобы они шли: sudo apt-get install openssh-server"
}

for service in "$@"; do
  "$service"
done
