#!/usr/bin/env bash
# Makes twintone-VERSION-linux-ARCH.tar.gz: the sources, the libraries they need at run time, and Node itself.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(node -p 'require("./package.json").version')
arch=$(node -p 'process.arch')
name="twintone-$version-linux-$arch"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

mkdir "$build/$name"
git ls-files cmd lib ha watchdog ops/deploy ops/console package.json package-lock.json README.md CHANGELOG.md LICENSE |
  tar -cf - -T - | tar -xf - -C "$build/$name"
(cd "$build/$name" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
tar -czf "$name.tar.gz" -C "$build" --owner=0 --group=0 "$name"
ls -sh "$name.tar.gz"
