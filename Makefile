GO ?= go

.PHONY: demo quickstart test bench fuzz soak

demo: ## an acquirer at work: payments arrive, and the books agree
	@echo "building; the first time it takes a minute, for a database in Go"
	@cd examples/realtime && CGO_ENABLED=0 $(GO) run . -once

quickstart: ## the smallest program with a terminal and a host
	$(GO) run ./examples/quickstart

test: ## pass every test of the library and of the programs
	$(GO) test ./...
	cd examples/realtime && $(GO) test ./...

bench: ## every benchmark side by side with its peer, one table
	$(GO) run ./benchmarks

fuzz: ## every fuzz target in turn, FUZZTIME each
	.ci/fuzz $(or $(FUZZTIME),30s)

soak: ## requests over lines that are killed and cut off, each accounted for; SOAKTIME long
	$(GO) test ./connection/pool -run TestSoak -v -timeout 2h -pool.soak $(or $(SOAKTIME),10m)
