# Two commands do everything: `make run` and `make test`. The others are their parts.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
# Libraries that others could write are not loaded, so none is built that way.
UMASK := umask 022;

BUILD := .build/release
PREREQUISITES := libsystemd-dev libsqlite3-dev libzstd-dev pkg-config tzdata
TEST_PREREQUISITES := $(PREREQUISITES) age qrencode zbar-tools socat strace tmux python3 binutils mandoc shellcheck systemd dbus python3-dbusmock \
    dunst xvfb xdotool imagemagick fonts-dejavu-core python3-icalendar khal faketime python3-prometheus-client python3-jsonschema python3-cryptography
# Debian starts these servers where systemd runs; the benchmark starts its own.
BENCH_PREREQUISITES := $(PREREQUISITES) redis-server postgresql libpq-dev remind strace python3 victoria-metrics influxdb
PREFIX ?= /usr/local
DESTDIR ?=
INSTALL_PREREQUISITES := patchelf binutils python3
BOOTED_PREREQUISITES := systemd-container dbus libpam-systemd socat python3 gcc qrencode
DEB_PREREQUISITES := $(INSTALL_PREREQUISITES) debhelper fakeroot lintian
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SOURCES := Package.swift Sources Plugins Tests Benchmarks/Package.swift Benchmarks/Sources

.PHONY: run build test test-build mutants check lint format docs clean bench install uninstall deb booted new-module system-calls \
    torture prerequisites test-prerequisites install-prerequisites deb-prerequisites booted-prerequisites proofs

## run: install what is missing, build, and serve on the embedded store until interrupted
run: prerequisites build
	@runtime="$${XDG_RUNTIME_DIR:-/tmp/mneedle-$$(id -u)}/mneedle"; \
	echo; echo "mneedled serves on $$runtime/control.sock. In a second terminal:"; \
	echo "    $(CURDIR)/$(BUILD)/mneedlectl --socket $$runtime/control.sock"; echo "Ctrl-C stops it."; echo; \
	exec $(BUILD)/mneedled --config Config/mneedled.toml --runtime "$$runtime" --modules $(BUILD) --knowledge Config/knowledge

build:
	$(UMASK) swift build -c release

## test: install what is missing and test everything
test: test-build
	$(MAKE) --no-print-directory check
	Tests/run

# What the tests need, without running them. What ships is built with them, once: the tests test that.
test-build: test-prerequisites
	$(UMASK) swift build -c release --build-tests
	$(UMASK) swift build -c release

## mutants: make the knowledge worse, one thing at a time, and say how much of it the table of facts notices
mutants: test-build
	@rm -f .build/mutants.txt; MNEEDLE_MUTANTS=$(CURDIR)/.build/mutants.txt Tests/run --filter FactsTests.MutantTests >/dev/null || true
	@[ -s .build/mutants.txt ] || { echo "no report: see .build/test.log"; exit 1; }
	@cat .build/mutants.txt
	@! grep -q '^unnoticed' .build/mutants.txt

# What is not a Swift test: the configuration that ships is good, the generated reference is current.
check:
	Documentation/commands.sh $(BUILD) | diff -u Documentation/commands.md -
	$(BUILD)/mneedled --check-config --config Config/mneedled.toml --modules $(BUILD) --knowledge Config/knowledge

lint:
	swift format lint --strict --recursive $(SOURCES)
	shellcheck $$(git grep -lI '^#!/bin/bash\|^#!/bin/sh\|^#!/usr/bin/env bash')
	Packaging/manual .build/man
	mandoc -T lint -W warning Documentation/man/* .build/man/*
	for unit in systemd/system/*.service; do \
	    systemd-analyze security --offline=true --threshold=8 --no-pager $$unit >/dev/null || { echo "$$unit: exposed"; exit 1; }; done
	@mkdir -p .build; for unit in systemd/system/* systemd/user/*; do \
	    said=$$(XDG_RUNTIME_DIR=$$PWD/.build systemd-analyze --$$(basename $$(dirname $$unit)) verify --man=no $$unit 2>&1 \
	        | grep -v 'Command /usr/bin/mneedle[a-z-]* is not executable' || true); \
	    [ -z "$$said" ] || { echo "$$unit: $$said"; exit 1; }; \
	done

format:
	swift format --in-place --recursive $(SOURCES)

## new-module: begin a module: make new-module NAME=consent
new-module:
	@Packaging/new-module '$(NAME)'

## docs: write the command reference anew from the command table
docs: build
	Documentation/commands.sh $(BUILD) >Documentation/commands.md

## install: put what was built into $(DESTDIR)$(PREFIX); edited configuration stays
install: install-prerequisites build
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' Packaging/install install $(BUILD)
	@[ -n '$(DESTDIR)' ] || echo "Now: systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload" \
	    "&& journalctl --update-catalog && systemctl enable --now mneedled"

## uninstall: take it away again; records and edited configuration stay
uninstall: install-prerequisites build
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' Packaging/install uninstall $(BUILD)

## deb: make the Debian packages, in .build/deb, and check them
deb: deb-prerequisites build
	rm -rf .build/deb && mkdir -p .build/deb
	fakeroot debian/rules binary
	dh_clean
	lintian --allow-root --fail-on error .build/deb/*.deb
	@ls -sh .build/deb/*.deb

## booted: prove the package on a booted systemd; says why where that cannot be done
booted: deb booted-prerequisites
	$(MAKE) --no-print-directory proofs

# The proofs alone, of the package that was made.
proofs:
	Tests/Booted/install
	Tests/Booted/run

## torture: kills, power cuts, simulated ones and fuzzers in their long forms, side by side, for hours; says last what was not kept
torture: test-build
	Tests/Torture/run

## system-calls: run the suites and say which system calls the unit's list lacks
system-calls: test-build
	Tests/Booted/system-calls

prerequisites:
	@$(call install_missing,$(PREREQUISITES))

test-prerequisites:
	@$(call install_missing,$(TEST_PREREQUISITES))

install-prerequisites: prerequisites
	@$(call install_missing,$(INSTALL_PREREQUISITES))

booted-prerequisites:
	@$(call install_missing,$(BOOTED_PREREQUISITES))

deb-prerequisites: prerequisites
	@$(call install_missing,$(DEB_PREREQUISITES))

clean:
	rm -rf .build Benchmarks/.build

# Asks apt for what dpkg does not have; says nothing when there is nothing to do.
define install_missing
missing=; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then echo "installing$$missing"; \
  $(SUDO) apt-get update -qq; DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing >/dev/null; fi
endef

## bench: measure against Redis, C on SQLite, PostgreSQL, remind, VictoriaMetrics and InfluxDB, side by side
bench:
	@$(call install_missing,$(BENCH_PREREQUISITES))
	Benchmarks/run
