#!/usr/bin/env bash
# Installs packages by apt when that is possible without asking anybody; fails quietly when it is not.
set -euo pipefail

command -v apt-get >/dev/null || exit 1
as_root=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || exit 1
  as_root=(sudo -n)
fi

export DEBIAN_FRONTEND=noninteractive
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2; }

printf 'Installing %s\n' "$*" >&2
install "$@" 2>/dev/null || { "${as_root[@]}" apt-get update -qq >&2 && install "$@"; }
