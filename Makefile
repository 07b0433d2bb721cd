# make demo     the whole connector against a stand-in portal and messenger
# make test     lint aside, everything that proves it works
# Both set up what they need: a virtual environment here, redis-server, PostgreSQL, MariaDB, OpenSSH's and OpenLDAP's servers, Dovecot and
# Postfix by apt when run as root.

MAKEFLAGS += --no-print-directory
# What Python compiles is kept, also where the machine forbids it: else each of hundreds of processes compiles it anew.
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
ARGS ?=
# The whole suite runs four tests at once (they wait more than they work), in the order of tests/conftest.py; what ARGS
# names runs alone, in sight.
WORKERS ?= 4
SERVICES = redis postgresql chromium mail sftp mariadb ldap
AT_ONCE = $(if $(ARGS),,-n $(WORKERS) --dist loadfile --no-loadscope-reorder)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench e2e services venv lock widget clean

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

demo: .venv/.stamp-run ## see it work in a browser; ONCE=1 runs the story once and checks it
	@.ci/services.sh redis
	@$(PY) -m connector demo $(if $(ONCE),--once) $(ARGS)

test: .venv/.stamp-dev ## all tests; ARGS="-k name" narrows them
	@.ci/services.sh $(SERVICES)
	@$(PY) -m pytest $(AT_ONCE) $(ARGS)

e2e: .venv/.stamp-dev ## only the tests of the Procfile and of the pages in a browser; ONLY=faces: the pages, ONLY=mail: mail, ONLY=sync: sync jobs
	@.ci/services.sh $(SERVICES)
	@$(PY) -m pytest tests/e2e$(if $(ONLY),/$(ONLY)) $(AT_ONCE) $(ARGS)

lint: .venv/.stamp-dev ## style, types, and who imports whom
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache

format: .venv/.stamp-dev ## put the code into the agreed form
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: .venv/.stamp-dev ## measure; ONLY=<prefix> runs a part, results in var/bench.json
	@.ci/services.sh redis postgresql mail sftp mariadb ldap
	@$(PY) -m tests.bench $(if $(ONLY),--only $(ONLY))

services: ## the programs that the tests start
	@.ci/services.sh $(SERVICES)

venv: .venv/.stamp-dev ## the virtual environment with everything
	@:

lock: ## renew both lock files (needs uv)
	@.ci/lock.sh

widget: .venv/.stamp-run ## write the web chat's script anew from its parts (needs node)
	@$(PY) .ci/widget.py

clean: ## forget the virtual environment and the caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.stamp-run: requirements.lock .ci/venv.sh .ci/link.py
	@.ci/venv.sh run

.venv/.stamp-dev: requirements-dev.lock .ci/venv.sh .ci/link.py
	@.ci/venv.sh dev
