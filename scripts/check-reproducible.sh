#!/usr/bin/env bash
# Promise kept: the same sources give the same wasm. Builds it once more from nothing and compares the bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build-wasm.sh
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
scripts/build-wasm.sh --force --output "$again/wanttls.wasm"
for module in wanttls vetted; do
  if ! cmp "build/$module.wasm" "$again/$module.wasm"; then
    echo "$module.wasm is not reproducible: two builds of the same sources differ" >&2
    exit 1
  fi
  digest=$(sha256sum "build/$module.wasm" 2>/dev/null || shasum -a 256 "build/$module.wasm")
  echo "$module.wasm: built twice, the same bytes: SHA-256 ${digest%% *}"
done
