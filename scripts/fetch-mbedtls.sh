#!/usr/bin/env bash
# Promise kept: the Mbed TLS that is compiled is exactly the pinned upstream tarball, wherever it came from.
#
# Prints the path of the verified tarball. Looked for in this order: MBEDTLS_TARBALL=path; the download cache
# ($XDG_CACHE_HOME/wanttls or ~/.cache/wanttls); Debian's source package mbedtls of suite sid (its .orig.tar.bz2 is
# that very file; DEBIAN_MIRROR overrides the mirror that apt is configured with); upstream's release page.
set -euo pipefail
source "$(dirname "$0")/debian-source.sh"

version=3.6.7
digest=a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6
name="mbedtls-$version.tar.bz2"

is_right() { [ -f "$1" ] && [ "$(digest_of "$1")" = "$digest" ]; }

if [ -n "${MBEDTLS_TARBALL:-}" ]; then
  [ -f "$MBEDTLS_TARBALL" ] || { say "Cannot use MBEDTLS_TARBALL=$MBEDTLS_TARBALL: there is no such file"; exit 1; }
  is_right "$MBEDTLS_TARBALL" || { say "Cannot use MBEDTLS_TARBALL=$MBEDTLS_TARBALL: its SHA-256 is $(digest_of "$MBEDTLS_TARBALL"), expected $digest"; exit 1; }
  echo "$MBEDTLS_TARBALL"
  exit 0
fi

mkdir -p "$cache"
if is_right "$cache/$name"; then
  echo "$cache/$name"
  exit 0
fi

keep() { # a candidate file: into the cache if it is the right one
  is_right "$1" || { say "mbedtls: $(basename "$1") has another SHA-256 than the pinned one and is refused"; return 1; }
  cp "$1" "$cache/$name.part.$$" && mv "$cache/$name.part.$$" "$cache/$name"
}

from_debian() {
  local work file
  work=$(mktemp -d)
  if debian_source mbedtls "$work"; then
    for file in "$work"/*.orig.tar.*; do keep "$file" && { rm -rf "$work"; return 0; }; done
    say "mbedtls: Debian's package is now another version ($(basename "$work"/*.dsc .dsc))"
  fi
  rm -rf "$work"
  return 1
}

from_upstream() {
  local url="https://github.com/Mbed-TLS/mbedtls/releases/download/mbedtls-$version/$name" file
  file=$(mktemp)
  say "mbedtls: fetching $version from upstream's release page"
  if command -v curl >/dev/null 2>&1; then curl -fsSL --retry 3 -o "$file" "$url"; else wget -q -O "$file" "$url"; fi && keep "$file" && { rm -f "$file"; return 0; }
  rm -f "$file"
  return 1
}

from_debian || from_upstream || {
  say "Cannot fetch Mbed TLS $version: neither Debian's source package nor upstream's release was reachable with the pinned content"
  say "Download $name yourself (SHA-256 $digest) and set MBEDTLS_TARBALL=path to it."
  exit 1
}
echo "$cache/$name"
