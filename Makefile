# The only front door. `make` lists what there is; package.json's scripts are aliases of these targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

bin := node_modules/.bin
run := $(bin)/node
say = @printf '==> %s\n'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Use it

.PHONY: demo
demo: build ## TLS conversations on Node, Deno and Bun, and with openssl; does all set-up by itself
	$(say) "demo"
	@$(run) scripts/demo.ts

.PHONY: test
test: check ## every check, then the tests on Node, Deno and Bun
	@$(run) scripts/run-tests.ts -- --exclude 'test/interop/**'

.PHONY: faults
faults: build ## every harm to every recorded conversation, on Node (args="node deno bun"); a quarter of an hour
	$(say) "faults"
	@WANTTLS_FAULTS=all $(run) scripts/run-tests.ts $(or $(args),node) -- test/faults

.PHONY: interop
interop: wasm ## conversations with other stacks and programs, which it installs; writes docs/interop.md
	$(say) "interoperation"
	@scripts/setup-interop.sh
	@status=0; $(run) scripts/run-tests.ts -- test/interop || status=1; $(run) scripts/interop-matrix.ts && exit $$status

.PHONY: node-suite
node-suite: build ## how much of Node's own tests of node:tls wanttls/node/tls passes; NODE_SUITE_DIR names Node's sources
	$(say) "Node's tests of node:tls"
	@$(run) scripts/node-suite.ts $(args)

.PHONY: prove
prove: wasm ## all evidence for our own ciphers and for constant time, on Node, Deno and Bun, and for vetted.wasm on Node; WYCHEPROOF_DIR=folder adds Wycheproof's vectors
	$(say) "evidence"
	@WANTTLS_PROOF=all $(run) scripts/run-tests.ts -- test/crypto
	@WANTTLS_WASM=build/vetted.wasm $(run) scripts/run-tests.ts node -- test/crypto test/engine test/ssl

.PHONY: suites
suites: setup ## Mbed TLS's own test suites as wasm, on what the module is made of; some minutes; args="short", names, CRYPTO=vetted|mbedtls
	$(say) "Mbed TLS's test suites"
	@$(run) scripts/mbedtls-suites.ts $(if $(CRYPTO),--crypto $(CRYPTO)) $(args)

.PHONY: ssl-opt
ssl-opt: wasm ## wanttls in the place of Mbed TLS's client and server in the scenarios of its tests/ssl-opt.sh; a few minutes; args="--verbose part-of-a-name"
	$(say) "Mbed TLS's scenarios"
	@scripts/build-ssl-opt.sh
	@$(run) test/ssl-opt/main.ts $(args)

.PHONY: soak
soak: wasm ## a server on each runtime under thousands of clients, rude and killed ones among them; args="seconds=60 connections=1000 node load", "short"
	$(say) "soak"
	@ulimit -n "$$(ulimit -Hn)" || true; $(run) test/soak/main.ts $(args)

.PHONY: audit
audit: wasm ## constant time beyond `make prove`: the C under valgrind, which it installs, and times by a t-test; the longest call; some minutes
	$(say) "audit"
	@$(run) scripts/check-constant-time.ts
	@scripts/audit-native.sh
	@$(run) test/audit/timing.ts
	@$(run) test/audit/longest-call.ts

.PHONY: fuzz
fuzz: setup ## mutated inputs for the C, natively with sanitizers, which it installs; args="<target>... <seconds>", 60 without; args=0: what is known, once
	$(say) "fuzzing"
	@scripts/fuzz.sh $(args)

.PHONY: bench
bench: build ## speed, memory and size beside stock Mbed TLS and the runtimes' own TLS; args="--quick --write node <section>"
	$(say) "benchmark"
	@scripts/build-wasm.sh --crypto mbedtls
	@$(run) test/bench/main.ts $(args)

.PHONY: bench-scale
bench-scale: build ## cost per connection at 10 to 10,000 connections, and with workers; args=--write writes docs/scale.md
	$(say) "scale"
	@$(run) test/bench/scale.ts $(args)

.PHONY: bench-rivals
bench-rivals: build ## the same beside TLS in JavaScript and wasm by others, which it installs; args="--quick --write node <section>"
	$(say) "rivals"
	@cd test/bench/rivals && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(run) test/bench/main.ts --rivals $(args)

# Make it

.PHONY: setup
setup: ## host packages and npm packages, the three runtimes among them
	@scripts/setup.sh

.PHONY: wasm
wasm: setup ## build/wanttls.wasm, its embedded copies, build/vetted.wasm (also CRYPTO=vetted); CRYPTO=mbedtls: build/wanttls-mbedtls.wasm, without AWS-LC
	$(say) "wasm"
	@scripts/build-wasm.sh $(if $(CRYPTO),--crypto $(CRYPTO))
	@[ "$(CRYPTO)" = mbedtls ] || [ ts/wasm/compact-binary.gen.ts -nt build/wanttls.wasm ] || $(run) scripts/generate.ts --embed

.PHONY: reproducible
reproducible: setup ## build the wasm once more from nothing and compare the bytes
	$(say) "reproducible build"
	@scripts/check-reproducible.sh

.PHONY: build
build: wasm ## dist/: JavaScript, declarations and the wasm
	$(say) "TypeScript to dist/"
	@$(bin)/tsc -b ts ts/node ts/deno ts/bun ts/cli
	@$(run) scripts/bundle.ts
	@cp build/wanttls.wasm build/vetted.wasm dist/
	@chmod +x dist/cli/main.js
	@$(run) scripts/report-size.ts

.PHONY: generate
generate: wasm ## rewrite the committed generated files
	@$(run) scripts/generate.ts
	@$(run) scripts/make-differences.ts
	@$(run) scripts/make-aims.ts
	@$(run) scripts/python-surface.ts

.PHONY: format
format: setup ## rewrite the sources in the house format
	@$(bin)/prettier --log-level warn --write .

.PHONY: clean
clean: ## remove what was built (node_modules and the download cache stay)
	@rm -rf build dist ts/wasm/*binary.gen.ts

# Check it; each part also stands alone, and expects `make build` to have run

.PHONY: check
check: build types lint layers boundary constant-time drift formatted numbers unused package ## every check, without the tests

.PHONY: types
types: ## type-check everything, tests and scripts too
	$(say) "types"
	@$(bin)/tsc -b

.PHONY: lint
lint: ## oxlint with type information
	$(say) "lint"
	@$(bin)/oxlint --deny-warnings

.PHONY: layers
layers: ## each layer of ts/ knows only what it may know
	$(say) "layers"
	@$(run) scripts/check-layers.ts

.PHONY: boundary
boundary: ## imports and exports of the wasm are the listed ones
	$(say) "wasm boundary"
	@$(run) scripts/check-boundary.ts

.PHONY: constant-time
constant-time: ## code that handles secrets branches where it is listed, and nowhere else
	$(say) "constant time"
	@$(run) scripts/check-constant-time.ts

.PHONY: drift
drift: ## committed generated files are what their sources say
	$(say) "generated files"
	@$(run) scripts/generate.ts --check
	@$(run) scripts/make-differences.ts --check
	@$(run) scripts/make-aims.ts --check
	@$(run) scripts/python-surface.ts --check

.PHONY: formatted
formatted: ## the sources are in the house format
	$(say) "format"
	@$(bin)/prettier --log-level warn --check .

.PHONY: numbers
numbers: ## each numbered statement of the documents is named by a test
	$(say) "numbers"
	@$(run) scripts/check-numbers.ts

.PHONY: unused
unused: ## no unused file, export or dependency
	$(say) "unused code"
	@$(bin)/knip

.PHONY: package
package: ## what npm would publish is complete, typed and loads on each runtime
	$(say) "package"
	@$(run) scripts/check-package.ts
