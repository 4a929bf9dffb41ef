#!/bin/sh
# `make bench`: everything, five rounds. Arguments go to bench.ts (README.md).
set -eu
exec node "$(dirname "$0")/bench.ts" "$@"
