GO ?= go

.PHONY: demo quickstart test bench fuzz

demo: ## an acquirer at work: payments arrive, and the books agree
	cd examples/realtime && CGO_ENABLED=0 $(GO) run . -once

quickstart: ## the smallest program with a terminal and a host
	$(GO) run ./examples/quickstart

test: ## pass every test of the library and of the programs
	$(GO) test ./...
	cd examples/realtime && $(GO) test ./...

bench: ## every benchmark side by side with its peer, one table
	$(GO) run ./benchmarks

fuzz: ## every fuzz target in turn, FUZZTIME each
	.ci/fuzz $(or $(FUZZTIME),30s)
