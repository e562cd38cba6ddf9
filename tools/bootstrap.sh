#!/usr/bin/env bash
# Creates $VENV from requirements.lock. Says in one line what is missing when it cannot.
set -euo pipefail
venv=${VENV:-.venv}

usable() { "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

choose() {
  # The system's interpreter first: the accounts an agent drops to can read it, one below a home directory they cannot.
  local candidate
  for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.11 python3.12 python3.13}; do
    if usable "$candidate"; then echo "$candidate"; return; fi
  done
  return 1
}

if ! python=$(choose); then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "bootstrap: no python 3.11 or newer with venv found: installing Debian's python3-venv" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
  fi
  python=$(choose) || {
    echo "bootstrap: ${PYTHON:-python3}: expected python 3.11 or newer with venv: try 'apt-get install python3-venv' as root" >&2
    exit 69
  }
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch "$venv/.installed"
