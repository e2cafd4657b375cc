# Everything is installed inside this folder: uv in .tools, the bot in .venv, Rasa in intents/.venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The interpreters asked for; uv takes one it finds, or brings it.
PYTHON ?= >=3.11
RASA_PYTHON ?= 3.10

UV := .tools/bin/uv
# Certificates as the machine trusts them: a company's proxy has its own.
export UV_SYSTEM_CERTS ?= 1
# Byte code is written once, here: it takes 9 s off each start of Rasa.
PIP := $(UV) pip install --quiet --require-hashes --compile-bytecode

BOT := .venv/.installed
TESTS := .venv/.installed-tests
RASA := intents/.venv/.installed

DATA ?= $(error make measure needs DATA=path/to/questions.csv)

.PHONY: help install up test check bench measure evaluate train picture lock clean browser mailservers

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

install: $(BOT) $(RASA) ## both environments: the bot's and Rasa's

up: install ## trains where there is no model yet, starts everything, prints where to go
	@.venv/bin/frontdesk up

train: install ## a model of the present data in intents/
	@.venv/bin/frontdesk train

test: install $(TESTS) browser mailservers ## every test; ARGS="-k word" for some
	.venv/bin/pytest --numprocesses 2 --dist loadscope $(ARGS)

check: $(TESTS) $(RASA) ## format, lint, types, who may import whom
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy bot channels tests
	.venv/bin/mypy --config-file intents/mypy.ini intents/components
	.venv/bin/lint-imports

evaluate: install ## how well the model of the present data understands; ARGS="--json FILE"
	@.venv/bin/frontdesk evaluate $(ARGS)

bench: install $(TESTS) ## turns a second, against Rasa's own channel; the desk with 100,000 tickets: ARGS="--only desk"
	.venv/bin/python -m tests.bench $(ARGS)

measure: install $(TESTS) ## how well a CSV of text,category is understood: DATA=path, ARGS="--only few" for a part
	.venv/bin/python -m tests.bench.understanding $(DATA) $(ARGS)

picture: install $(TESTS) browser ## the pictures of the chat and the desk in docs/images, taken anew
	.venv/bin/python -m tests.acceptance.picture

lock: $(UV) ## newest versions into the lock files
	$(call compile,requirements-tools,3.9)
	$(call compile,requirements,3.11)
	$(call compile,requirements-dev,3.11)
	cd intents && UV=../$(UV) && $(call compile,requirements,$(RASA_PYTHON),$$UV)

clean: ## removes the environments and caches; var/ keeps your data
	rm -rf .tools .venv intents/.venv intents/.rasa .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

compile = $(or $(3),$(UV)) pip compile --quiet --upgrade --universal --python-version $(2) --generate-hashes --no-emit-index-url --no-header $(1).in -o $(1).lock

$(UV): requirements-tools.lock
	@sh scripts/bootstrap .tools $<
	@touch $@

$(BOT): requirements.lock pyproject.toml | $(UV)
	@echo "Installing the bot into .venv"
	@test -x .venv/bin/python || $(UV) venv --quiet --clear --python '$(PYTHON)' .venv
	@$(PIP) --python .venv -r requirements.lock
	@$(UV) pip install --quiet --no-deps --python .venv --editable .
	@touch $@

$(TESTS): requirements-dev.lock $(BOT)
	@echo "Installing what the tests need into .venv"
	@$(PIP) --python .venv -r requirements-dev.lock
	@touch $@

$(RASA): intents/requirements.lock | $(UV)
	@echo "Installing Rasa into intents/.venv: 2.5 GB, some minutes on a slow line"
	@test -x intents/.venv/bin/python || $(UV) venv --quiet --clear --python '$(RASA_PYTHON)' intents/.venv
	@$(PIP) --python intents/.venv -r intents/requirements.lock
	@touch $@

browser: $(TESTS)
	@sh scripts/browser .venv/bin/playwright

mailservers:
	@sh scripts/mailservers
