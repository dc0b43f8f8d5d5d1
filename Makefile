# Two commands are all a fresh machine with Go needs: make run, make test.

GO ?= go
# Every module of the repository, the root first.
MODULES := . $(sort $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod -not -path '*/testdata/*')))
TESTFLAGS ?=
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: run test test-deps bench check cross riscv64 s390x arm64 wasip1 stress models mutants conformance verify soak help

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: ## build and start kvd, the example server
	@$(GO) build -o bin/kvd ./examples/kvd
	@exec bin/kvd

test: ## every test of every module
	@code=0; for m in $(MODULES); do echo "== $$m"; (cd $$m && $(GO) test $(TESTFLAGS) ./...) || code=1; done; exit $$code

test-deps: ## install what some tests need besides Go: redis-tools, curl, qemu-user, strace, a C compiler for -race
	./.ci/test-deps

bench: ## the benchmarks, against goroutines
	$(GO) run ./cmd/rouse bench

check: ## gofmt, go vet, staticcheck
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not gofmt-ed:"; echo "$$bad"; exit 1; fi
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...); done
	@echo "== the checked build"; $(GO) vet -tags interleave ./... && $(GO) run $(STATICCHECK) -tags interleave ./...

MODELFLAGS ?=

models: ## run the model checker, about a minute; with MODELFLAGS=-race it looks for data races
	@$(GO) run ./internal/verify -only models -v -modelflags='$(MODELFLAGS)'

mutants: ## plant faults in the lock-free protocols; the models must catch each
	@$(GO) run ./internal/verify -only mutants -v

conformance: ## run the conformance tests and write docs/conformance.md
	@mkdir -p bin
	@$(GO) test -json -count=1 -run '^TestConformance_' ./... >bin/conformance.json || true
	@$(GO) run ./internal/conformance <bin/conformance.json >bin/conformance.md
	@mv bin/conformance.md docs/conformance.md; sed -n 5p docs/conformance.md

VERIFYFLAGS ?=

verify: ## all that can be checked, in one table: tests, conformance, models, mutants, fuzz, faults, leaks; VERIFYFLAGS=-short is a subset
	@$(GO) run ./internal/verify $(VERIFYFLAGS)

MINUTES ?= 2
SEED ?= 0
SOAKFLAGS ?=
SOAKBUILD ?=

soak: ## random programs on every driver, with invariants: MINUTES=2 SEED=n; SOAKBUILD=-race looks for data races
	@mkdir -p bin
	@$(GO) build $(SOAKBUILD) -o bin/soak ./internal/soak && exec bin/soak -minutes $(MINUTES) -seed $(SEED) $(SOAKFLAGS)

cross: ## vet and build for the other systems
	@set -e; for t in linux/arm64 darwin/arm64 windows/amd64 freebsd/amd64 js/wasm wasip1/wasm; do \
		echo "== $$t"; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) vet ./...; \
		GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) build ./...; done

# The packages that make no system call of their own, and the doorbell, whose
# protocol with foreign code is the processor's and the kernel's. verify starts
# programs, which an emulator can't.
PURE := . $(addsuffix /...,$(filter-out ./internal/verify,$(wildcard ./internal/*))) ./channel ./timer ./driver ./driver/manual ./examples/kvd/internal/resp ./examples/kvd/internal/store ./examples/kvd/internal/aof

riscv64: ## the pure packages' tests on another processor, under qemu-user
	@command -v qemu-riscv64 >/dev/null || { echo "qemu-riscv64 is missing; run make test-deps"; exit 1; }
	CGO_ENABLED=0 GOARCH=riscv64 $(GO) test -short -exec qemu-riscv64 $(PURE)

s390x: ## the pure packages' tests on a big-endian processor, under qemu-user
	@command -v qemu-s390x >/dev/null || { echo "qemu-s390x is missing; run make test-deps"; exit 1; }
	CGO_ENABLED=0 GOARCH=s390x $(GO) test -short -exec qemu-s390x $(PURE)

arm64: ## the same on arm64; for information, since qemu's emulation of it has a fault, see docs/verification.md
	@command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is missing; run make test-deps"; exit 1; }
	CGO_ENABLED=0 GOARCH=arm64 $(GO) test -short -exec qemu-aarch64 $(PURE)

# WebAssembly has one thread and preempts nobody. wazero is a runtime for it in Go.
WAZERO := github.com/tetratelabs/wazero/cmd/wazero@v1.12.0

wasip1: ## the tests of what runs without a kernel, as WebAssembly in wazero
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin $(GO) install $(WAZERO)
	PATH="$(CURDIR)/bin:$$PATH" GOWASIRUNTIME=wazero GOOS=wasip1 GOARCH=wasm $(GO) test -short -timeout 5m \
		-exec "$$($(GO) env GOROOT)/lib/wasm/go_wasip1_wasm_exec" $(PURE) ./driver/portable ./executor ./fiber

# What the schedule, the collector and pointers' checks may bring to light.
UNSAFE := . ./internal/coro ./internal/uring ./driver/uring ./driver/internal/... ./fiber ./executor

stress: ## the runtime's tests with 1, 2 and 4 processors, an eager collector, checked pointers
	@set -e; for n in 1 2 4; do echo "== GOMAXPROCS=$$n"; \
		GOMAXPROCS=$$n $(GO) test -race -shuffle=on -short -count=1 . ./executor ./fiber ./channel ./timer ./netio ./driver/...; done
	GODEBUG=gccheckmark=1 $(GO) test -short -count=1 $(UNSAFE)
	$(GO) test -gcflags=all=-d=checkptr -short -count=1 $(UNSAFE)
	GOGC=1 GODEBUG=clobberfree=1 $(GO) test -short -count=1 $(UNSAFE)
