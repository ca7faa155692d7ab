#!/usr/bin/env bash
# Promise kept: what is compiled of AWS-LC changes only by a reviewed commit. Rewrites the digests in wasm/crypto/awslc.sha256 from a
# copy of AWS-LC's sources and shows what changed against the files that were pinned before, if the cache still has them.
#
#   scripts/pin-awslc.sh FOLDER     the folder that has crypto/, include/ and third_party/
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/debian-source.sh

manifest=wasm/crypto/awslc.sha256
[ $# = 1 ] && [ -d "$1/crypto" ] || { say "Cannot pin AWS-LC: usage: scripts/pin-awslc.sh FOLDER, which has crypto/"; exit 2; }

before="$cache/aws-lc-$(digest_of "$manifest" | cut -c1-16)"
after=$(mktemp)
trap 'rm -f "$after"' EXIT
while read -r _ file; do
  [ -f "$1/$file" ] || { say "Cannot pin AWS-LC: $1 has no $file"; exit 1; }
  printf '%s  %s\n' "$(digest_of "$1/$file")" "$file" >>"$after"
  if [ -f "$before/$file" ]; then diff -u "$before/$file" "$1/$file" || true; fi
done <"$manifest"
cp "$after" "$manifest"
say "Pinned anew. Review what is shown above, set the version in scripts/fetch-awslc.sh and NOTICE, and run make test."
