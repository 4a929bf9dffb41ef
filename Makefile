# Twintone. Every recipe is one call; what needs thought is a script with a name.
# The project's own Node (24 LTS) comes with `npm ci`, so it comes first in PATH.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup up demo test check bench bench-ha nemesis docs sizes package clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error && touch $@

setup: node_modules/.package-lock.json ## install what the project needs (npm ci)

up: setup ## run a node on this machine, with sample phone files and unprivileged ports
	@cmd/twintone.ts up

demo: setup ## run a pair with etcd in network namespaces, and play a change of the active node (as root)
	@test/run.sh --install-only && test/pair/demo.ts

test: setup ## install the clients the tests use (as root) and run all tests
	@test/run.sh

check: setup ## format, types, lint
	@prettier --check --log-level=warn . && tsc -p . && oxlint --type-aware

bench: setup ## compare with nginx, vsftpd, tftpd-hpa, atftpd and dnsmasq (as root)
	@ops/bench/run.sh

bench-ha: setup ## how long phones wait when the active node dies, beside keepalived (as root)
	@test/run.sh --install-only keepalived=keepalived && ops/bench/pair.ts $(ARGS)

nemesis: setup ## random faults for MINUTES, by SEED (as root)
	@test/run.sh --install-only && test/pair/nemesis.ts --seed "$(SEED)" --minutes "$(MINUTES)"

docs: setup ## write the settings reference and the example file from the schema
	@node ops/deploy/write-docs.ts

sizes: ## the longest source files
	@git ls-files 'cmd/*.ts' 'lib/*.ts' 'ops/*.ts' | xargs wc -l | sort -rn | head -20

package: setup ## a .tar.gz for servers, with its own Node
	@ops/deploy/package.sh

clean: ## remove everything that was made here
	rm -rf node_modules var twintone-*.tar.gz
