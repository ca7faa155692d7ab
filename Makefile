# The only front door. `make` lists what there is; package.json's scripts are aliases of these targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

bin := node_modules/.bin
node := $(bin)/node
say := @printf '==> %s\n'

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

.PHONY: setup
setup: node_modules/.stamp ## npm packages, the three runtimes among them

node_modules/.stamp: package-lock.json
	$(say) "npm packages, with the pinned Node, Deno and Bun (about a minute)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: wasm
wasm: ## build/wanttls.wasm and its embedded copy; returns at once when nothing changed
	@scripts/build-wasm.sh

.PHONY: build
build: setup wasm ## dist/: JavaScript, declarations, wasm
	$(say) "TypeScript to dist/"
	@$(bin)/tsc -b ts ts/node ts/deno ts/bun ts/cli
	@cp build/wanttls.wasm dist/wanttls.wasm

.PHONY: types
types: setup wasm ## type-check everything, tests and scripts too
	$(say) "types"
	@$(bin)/tsc -b

.PHONY: clean
clean: ## remove what was built (the download cache stays)
	@rm -rf build dist ts/wasm/binary.gen.ts
