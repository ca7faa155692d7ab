#!/usr/bin/env bash
# Promise kept: of AWS-LC exactly the files that wasm/crypto/awslc.sha256 lists are compiled, unchanged, wherever they came from.
#
# Prints the path of a folder with those files and no others. Looked for in this order: AWSLC_DIR=path of any copy of AWS-LC's
# sources that has them; the download cache ($XDG_CACHE_HOME/wanttls or ~/.cache/wanttls); Debian's source package
# rust-aws-lc-sys of suite sid, which carries them under aws-lc/ (DEBIAN_MIRROR overrides the mirror that apt is configured with).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/debian-source.sh

package=rust-aws-lc-sys
version=0.42.0
manifest=wasm/crypto/awslc.sha256
kept="$cache/aws-lc-$(digest_of "$manifest" | cut -c1-16)"

# has_them FOLDER: whether it has all listed files with the right content; else names the first that is not so.
has_them() {
  local digest file
  while read -r digest file; do
    [ -f "$1/$file" ] || { say "aws-lc: $file is missing"; return 1; }
    [ "$(digest_of "$1/$file")" = "$digest" ] || { say "aws-lc: $file has another SHA-256 than the pinned one and is refused"; return 1; }
  done <"$manifest"
}

# keep FOLDER: its listed files into the cache, if they are the right ones.
keep() {
  local part="$kept.part.$$" file
  has_them "$1" || return 1
  rm -rf "$part" "$kept"
  while read -r _ file; do mkdir -p "$part/$(dirname "$file")" && cp "$1/$file" "$part/$file"; done <"$manifest"
  mv "$part" "$kept"
}

from_debian() {
  local work
  work=$(mktemp -d)
  if debian_source "$package" "$work"; then
    mkdir "$work/unpacked"
    tar -xf "$work"/*.orig.tar.* -C "$work/unpacked" --strip-components=1
    if keep "$work/unpacked/aws-lc"; then rm -rf "$work"; return 0; fi
    say "aws-lc: Debian's package is now $(basename "$work"/*.dsc .dsc); pinned are the files of $version"
  fi
  rm -rf "$work"
  return 1
}

mkdir -p "$cache"
if [ -n "${AWSLC_DIR:-}" ] && ! has_them "$AWSLC_DIR"; then
  say "Cannot use AWSLC_DIR=$AWSLC_DIR: it does not have the pinned files"
  exit 1
fi
if has_them "$kept" 2>/dev/null; then
  :
elif [ -n "${AWSLC_DIR:-}" ]; then
  keep "$AWSLC_DIR"
elif ! from_debian; then
  say "Cannot fetch AWS-LC: Debian's source package $package was not reachable with the pinned content ($version)"
  say "Unpack a copy of AWS-LC that has it and set AWSLC_DIR=path; or review the newer files and pin them: scripts/pin-awslc.sh path"
  say "make wasm CRYPTO=mbedtls builds without AWS-LC."
  exit 1
fi
echo "$kept"
