# make run: everything for a look, on one machine. make test: everything there is to check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes
CHROMIUM := /usr/bin/chromium-headless-shell
REDIS := /usr/bin/redis-server
NGINX := /usr/sbin/nginx
WRK := /usr/bin/wrk
WORKERS ?= 3
# Hundreds of processes start here: what Python has compiled is kept for the next one, even where the shell forbids it.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest
SUITE = -n $(WORKERS) --dist worksteal -m "not alone"
PROOFS = $(PYTEST) tests/bars/proofs.py -n $(WORKERS) --dist worksteal --durations 5 --durations-min 10
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)

.DEFAULT_GOAL := help
CHECKS := check-format check-lint check-types check-contracts check-templates
.PHONY: help install run test test-all coverage checks $(CHECKS) format types one translations audit bench prove attack

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call system,python3-venv)
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/pip
	@echo "Installing …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt requirements.txt | $(VENV)/bin/pip
	@echo "Installing what tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

# Its shell draws the pages of tests at less cost than the browser, which serves where there is none.
$(CHROMIUM):
	@($(call system,chromium-headless-shell)) >/dev/null 2>&1 || [ -x /usr/bin/chromium ] || $(call system,chromium)

$(REDIS):
	@$(call system,redis-server)

$(NGINX):
	@$(call system,nginx-light)

$(WRK):
	@$(call system,wrk)

petition_app/translations/%.mo: petition_app/translations/%.po
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

MESSAGES := $(patsubst %.po,%.mo,$(wildcard petition_app/translations/*/LC_MESSAGES/*.po))

install: $(VENV)/run.stamp $(MESSAGES) ## install what the product needs

$(MESSAGES): | $(VENV)/run.stamp

run: install ## install, migrate, load the demo if the database is empty, start web and worker
	@$(FLASK) db upgrade
	@$(FLASK) demo load --if-empty
	@exec $(FLASK) serve

checks: $(VENV)/test.stamp $(MESSAGES) ## look at format, lint, types, import contracts and templates, side by side
	@$(MAKE) --no-print-directory --jobs --output-sync=target $(CHECKS)

check-format:
	@$(BIN)/ruff format --check --quiet . || { echo "Run $(BIN)/ruff format ."; exit 1; }

check-lint:
	@$(BIN)/ruff check --quiet .

check-types:
	@$(BIN)/mypy --no-error-summary

check-contracts:
	@$(BIN)/lint-imports --no-logo

check-templates:
	@$(BIN)/djlint templates --lint --quiet

format: $(VENV)/test.stamp ## write the code in the format that checks want, and mend what ruff can
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

types: $(VENV)/test.stamp ## check types alone
	@$(BIN)/mypy --no-error-summary

one: $(VENV)/test.stamp $(MESSAGES) ## run some tests: T=tests/test_config.py, T="tests/tally -k corrections"
	@$(PYTEST) $(or $(T),$(error say which: make one T=tests/test_config.py))

test: checks $(CHROMIUM) $(REDIS) $(NGINX) ## run every check and every test, each case on a fair part of the matrix, then the proofs
	@$(PYTEST) $(SUITE)
	@$(PYTEST) -m alone
	@echo "Each protection is taken away in turn, to see its test fail …"
	@$(PROOFS)

test-all: checks $(CHROMIUM) $(REDIS) $(NGINX) ## the same, each case on every database and in every mode
	@$(PYTEST) --all $(SUITE)
	@$(PYTEST) --all -m alone
	@$(PROOFS)

coverage: $(VENV)/test.stamp $(MESSAGES) $(CHROMIUM) $(REDIS) $(NGINX) ## run the tests and say which lines and branches they have met; ALL=--all for the whole matrix
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/coverage run -m pytest $(ALL) $(SUITE)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet --show-contexts -o build/coverage/report.json
	@$(BIN)/python -c 'import json; print("{covered_lines} of {num_statements} lines, {covered_branches} of {num_branches} branches".format(**json.load(open("build/coverage/report.json"))["totals"]))'

$(VENV)/audit/bin/pip-audit: requirements-audit.txt | $(VENV)/bin/pip
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<

audit: $(VENV)/audit/bin/pip-audit ## ask the advisories of PyPI about every pinned package (needs the network)
	@$< --strict --disable-pip --require-hashes -r requirements.txt -r requirements-dev.txt

bench: $(VENV)/test.stamp $(MESSAGES) $(NGINX) $(REDIS) $(WRK) ## measure each row beside a control; JSON=FILE writes them; AGAINST=REVISION compares with that build alone
	@$(BIN)/python bench $(if $(JSON),--json "$(JSON)") $(if $(AGAINST),--against "$(AGAINST)")

attack: $(VENV)/test.stamp $(MESSAGES) ## attack the product as make run starts it: strangers, an organizer, a server, a disk, a backup; JSON=FILE
	@$(BIN)/python bench/attacks.py $(if $(JSON),--json "$(JSON)")

prove: $(VENV)/test.stamp $(MESSAGES) ## take each protection of signers away in turn and see its test fail; BARS="b04 b05" for some
	@PROVE=both $(PROOFS) -v $(if $(BARS),-k "$(subst $(SPACE), or ,$(strip $(BARS)))")

# New and changed messages are written into the catalogues, sorted; obsolete ones go. Running it twice changes nothing.
translations: $(VENV)/run.stamp ## write new and changed messages into the catalogues
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --keywords lazy_gettext --keywords lazy_pgettext:1c,2 --keywords N_ \
		--keywords in_each_language:1,2 --no-location --sort-output --output-file build/messages.pot .
	@$(BIN)/pybabel --quiet update --input-file build/messages.pot --output-dir petition_app/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

define system
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $(1) >/dev/null; \
  else echo "Please install the system package $(1) (Debian: apt-get install $(1)), then try again."; exit 1; fi; }
endef
