# sockprobe: what the kernel answers to poll and epoll, step by step.
# "make help" lists the targets.

GO         ?= go
TOOL       := $(GO) tool -modfile=tools/go.mod
BUILD      := build
FUZZTIME   ?= 200000x # a count: a time may end a good run with an error, golang/go#75804
SCRIPTFUZZ ?= 20000x # the same for scripts that run, which takes longer
BENCHTIME  ?= 2s
COMMIT     := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

.PHONY: bench-relay steering soak soak-scripts soak-why kernels matrix help build test test-long race check fmt vet lint golden golden-update fuzz bench bench-once compare man completions install clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

build: ## a static binary, build/sockprobe
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.commit=$(COMMIT)' -o $(BUILD)/sockprobe ./cmd/sockprobe

test: ## the tests, as much of each as a person waits for
	$(GO) test ./...

# LONG=rest leaves out what a plain run, "make test", does in the same way.
LONG ?= 1
test-long: ## the tests in full: the goldens a thousand times, every check on every kernel
	SOCKPROBE_LONG=$(LONG) $(GO) test -timeout 30m ./...

race: ## the tests under the race detector (needs a C compiler)
	GORACE=atexit_sleep_ms=0 $(GO) test -race -short ./...

soak: ## the relay's long tests under the race detector: 10,000 connections, to 64 MB each
	SOCKPROBE_LONG=1 GORACE=atexit_sleep_ms=0 $(GO) test -race ./fwd -run '^Test(Soak|Laws)' -count 1 -v

soak-scripts: ## 100,000 random scripts in one process: nothing hangs, nothing is left, no answer is not the kernel's
	SOCKPROBE_SOAK=100000 $(GO) test ./ops -run '^TestSoak$$' -count 1 -timeout 30m -v

WHYCHECKS ?= 3000
soak-why: ## what --why says of WHYCHECKS (3000) random scripts a family, held against the kernel: hours
	$(GO) test ./why -run '^TestRandomScripts$$' -rapid.checks=$(WHYCHECKS) -count 1 -timeout 12h -v

steering: ## what receive packet steering does to answers, which it also does to those of other tests
	SOCKPROBE_STEERING=1 $(GO) test ./cmd/sockprobe -run '^TestScripts$$/^steering$$' -count 1 -v

check: fmt vet lint test-long race fuzz bench-once golden steering ## everything that must be green before a commit

fmt: ## fails if a file is not formatted
	@out=$$($(TOOL) gofumpt -l .); if [ -n "$$out" ]; then echo "not formatted (run: $(TOOL) gofumpt -w .):"; echo "$$out"; exit 1; fi

vet: ## go vet, for both architectures
	$(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...

lint: ## golangci-lint, as pinned in tools/go.mod
	$(TOOL) golangci-lint run ./...

golden: build ## compare this kernel with the goldens
	$(BUILD)/sockprobe verify testdata/golden

golden-update: build ## write this kernel's answers into the goldens; say in the commit which kernel it was
	$(BUILD)/sockprobe verify -u testdata/golden

fuzz: ## each fuzz target for FUZZTIME (200000x), the one that runs scripts for SCRIPTFUZZ (20000x)
	$(GO) test ./scenario -run '^$$' -fuzz '^FuzzParse$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./scenario -run '^$$' -fuzz '^FuzzParseFile$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./fwd -run '^$$' -fuzz '^FuzzParseSpec$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./ops -run '^$$' -fuzz '^FuzzScripts$$' -fuzztime $(SCRIPTFUZZ) -fuzzminimizetime 10x

bench: ## the benchmarks; "ratio" is a script over the same calls made bare
	$(GO) test ./... -run '^$$' -bench . -benchtime $(BENCHTIME)

bench-once: ## the benchmarks once, so that they do not rot
	$(GO) test ./... -run '^$$' -bench . -benchtime 1x

# RELAYBENCH is the directory of the bench.sh that measures relays.
RELAYBENCH ?= ../shared/relaybench
bench-relay: build ## the relay beside haproxy and socat: make bench-relay RELAYBENCH=directory/of/bench.sh
	script/bench-relay $(BUILD)/sockprobe '$(RELAYBENCH)'

compare: ## random scripts against the original: make compare UPSTREAM=path/of/poll, built from HAProxy's dev/poll
	@test -n '$(UPSTREAM)' || { echo 'make compare: set UPSTREAM to the original tool, built from dev/poll/poll.c of HAProxy' >&2; exit 2; }
	SOCKPROBE_UPSTREAM='$(UPSTREAM)' $(GO) test ./cmd/sockprobe -run '^TestUpstream$$' -count 1 -v

man: build ## man pages of the commands and topics, build/man
	rm -rf $(BUILD)/man
	$(BUILD)/sockprobe man $(BUILD)/man

completions: build ## shell completions, build/completions
	mkdir -p $(BUILD)/completions
	for shell in bash zsh fish; do $(BUILD)/sockprobe completion $$shell >$(BUILD)/completions/sockprobe.$$shell || exit; done

PREFIX ?= /usr/local
# KERNELS are the names that script/kernels knows; all by default.
kernels: ## fetch kernels into build/kernels: Debian's from 5.10 to the newest, UML, gVisor
	script/kernels $(BUILD)/kernels $(KERNELS)

matrix: build ## the catalogue on all of build/kernels; also writes build/matrix.html
	script/matrix $(BUILD)/kernels $(BUILD)/sockprobe $(BUILD)/matrix.html

install: build man completions ## install below PREFIX (/usr/local)
	install -D $(BUILD)/sockprobe $(DESTDIR)$(PREFIX)/bin/sockprobe
	for section in 1 5 7; do install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$$section $(BUILD)/man/*.$$section || exit; done
	install -D -m 644 $(BUILD)/completions/sockprobe.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sockprobe
	install -D -m 644 $(BUILD)/completions/sockprobe.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sockprobe
	install -D -m 644 $(BUILD)/completions/sockprobe.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sockprobe.fish

clean: ## remove what was built
	rm -rf $(BUILD)
