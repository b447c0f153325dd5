# make run: everything for a look, on one machine. make test: everything there is to check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes
CHROMIUM := /usr/bin/chromium
REDIS := /usr/bin/redis-server
NGINX := /usr/sbin/nginx
WRK := /usr/bin/wrk
WORKERS ?= 3
PROOFS = $(BIN)/pytest tests/bars/proofs.py -n $(WORKERS) --dist worksteal --durations 5 --durations-min 10
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)

.DEFAULT_GOAL := help
.PHONY: help install run test checks translations bench prove attack

help:
	@echo "make run    install, migrate, load the demo if the database is empty, start web and worker"
	@echo "make test   install all that tests need and run every check, then the proofs"
	@echo "make bench  measure signing, reading, the desk, imports, mail and matching, each beside a control; JSON=FILE writes the rows, too; AGAINST=REVISION compares with that build alone"
	@echo "make attack  attack the product as make run starts it: strangers, an organizer, a server, a disk, a backup; JSON=FILE, too"
	@echo "make prove  take each protection of signers away in turn and see its test fail; BARS=\"b04 b05\" for some"

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

$(CHROMIUM):
	@$(call system,chromium)

$(REDIS):
	@$(call system,redis-server)

$(NGINX):
	@$(call system,nginx-light)

$(WRK):
	@$(call system,wrk)

petition_app/translations/%.mo: petition_app/translations/%.po
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

MESSAGES := $(patsubst %.po,%.mo,$(wildcard petition_app/translations/*/LC_MESSAGES/*.po))

install: $(VENV)/run.stamp $(MESSAGES)

$(MESSAGES): | $(VENV)/run.stamp

run: install
	@$(FLASK) db upgrade
	@$(FLASK) demo load --if-empty
	@exec $(FLASK) serve

checks: $(VENV)/test.stamp $(MESSAGES)
	@$(BIN)/ruff format --check --quiet . || { echo "Run $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint templates --lint --quiet

test: checks $(CHROMIUM) $(REDIS) $(NGINX)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not alone"
	@$(BIN)/pytest -m alone
	@echo "Each protection is taken away in turn, to see its test fail …"
	@$(PROOFS)

bench: $(VENV)/test.stamp $(MESSAGES) $(NGINX) $(REDIS) $(WRK)
	@$(BIN)/python bench $(if $(JSON),--json "$(JSON)") $(if $(AGAINST),--against "$(AGAINST)")

attack: $(VENV)/test.stamp $(MESSAGES)
	@$(BIN)/python bench/attacks.py $(if $(JSON),--json "$(JSON)")

prove: $(VENV)/test.stamp $(MESSAGES)
	@PROVE=both $(PROOFS) -v $(if $(BARS),-k "$(subst $(SPACE), or ,$(strip $(BARS)))")

# New and changed messages are written into the catalogues, sorted; obsolete ones go. Running it twice changes nothing.
translations: $(VENV)/run.stamp
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --keywords lazy_gettext --keywords N_ \
		--keywords in_each_language:1,2 --no-location --sort-output --output-file build/messages.pot .
	@$(BIN)/pybabel --quiet update --input-file build/messages.pot --output-dir petition_app/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

define system
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $(1) >/dev/null; \
  else echo "Please install the system package $(1) (Debian: apt-get install $(1)), then try again."; exit 1; fi; }
endef
