GO ?= go

.PHONY: demo test bench fuzz

demo: ## run the main job
	$(GO) run ./examples/quickstart

test: ## pass every test of the library
	$(GO) test ./...

bench: ## every benchmark side by side with its peer, one table
	$(GO) run ./benchmarks

fuzz: ## every fuzz target in turn, FUZZTIME each
	.ci/fuzz $(or $(FUZZTIME),30s)
