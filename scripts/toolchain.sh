#!/usr/bin/env bash
# Promise kept: a clone on a bare Debian machine can compile the wasm without anybody installing a compiler by hand.
#
# Prints one line that says where a usable emcc is:
#   path             an emcc on PATH that is new enough (any operating system, no root needed)
#   chroot DIR       a Debian sid root with emscripten, made once in the cache and reused by every clone
# Everything else goes to standard error. Settings: XDG_CACHE_HOME, DEBIAN_MIRROR.
set -euo pipefail

minimum=4.0.0
cache="${XDG_CACHE_HOME:-$HOME/.cache}/wanttls"
root="$cache/sid-root"

say() { printf '%s\n' "$*" >&2; }
version_of() { sed -nE '1s/^emcc[^0-9]*([0-9]+\.[0-9]+\.[0-9]+).*/\1/p'; }
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

if command -v emcc >/dev/null 2>&1; then
  version=$(emcc --version 2>/dev/null | version_of || true)
  if [ -n "$version" ] && at_least "$version" "$minimum"; then
    say "toolchain: emcc $version on PATH"
    echo path
    exit 0
  fi
  say "toolchain: the emcc on PATH is ${version:-of unknown version}, but $minimum or newer is needed; it is not used"
fi

if [ -f "$root/.complete" ] && [ "$(id -u)" = 0 ]; then
  say "toolchain: emcc $(chroot "$root" emcc --version 2>/dev/null | version_of) in $root"
  echo "chroot $root"
  exit 0
fi

cannot() {
  say "Cannot build the wasm: $1"
  say "Install emscripten $minimum or newer so that emcc is on PATH (any system: emsdk; Debian sid, Homebrew: the package emscripten),"
  say "or run this once as root on Debian 12 or newer, where it makes its own toolchain in $cache."
  exit 1
}
[ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null 2>&1 || cannot "there is no usable emcc on PATH, and this is not Debian"
[ "$(id -u)" = 0 ] || cannot "there is no usable emcc on PATH, and this user is not root"

mirror="${DEBIAN_MIRROR:-}"
if [ -z "$mirror" ]; then
  mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 2>/dev/null | awk -F'|' '$2=="Debian" && $3=="Debian" {print $1; exit}')
fi
if [ -z "$mirror" ]; then # no package lists yet: look again after fetching them
  say "toolchain: fetching the package lists"
  apt-get update >&2 || cannot "apt-get update failed"
  mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 2>/dev/null | awk -F'|' '$2=="Debian" && $3=="Debian" {print $1; exit}')
fi
[ -n "$mirror" ] || cannot "apt names no Debian mirror (set DEBIAN_MIRROR)"

if ! command -v mmdebstrap >/dev/null 2>&1; then
  say "toolchain: installing mmdebstrap"
  apt-get install -y --no-install-recommends mmdebstrap >&2 ||
    { apt-get update >&2 && apt-get install -y --no-install-recommends mmdebstrap >&2; } || cannot "mmdebstrap could not be installed"
fi

mkdir -p "$cache"
rm -rf "$root" "$root.tmp"
say "toolchain: making a Debian sid root with emscripten in $root (about 1.3 GB, once per machine; one to three minutes)"
mmdebstrap --variant=essential --mode=root --include=emscripten,ca-certificates \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
  sid "$root.tmp" "$mirror" >"$cache/mmdebstrap.log" 2>&1 &
job=$!
while kill -0 "$job" 2>/dev/null; do
  sleep 5
  say "toolchain: $(du -sm "$root.tmp" 2>/dev/null | cut -f1 || echo 0) MB unpacked; $(tail -n 1 "$cache/mmdebstrap.log" 2>/dev/null | tr '\r' '\n' | tail -n 1 | cut -c1-90)"
done
wait "$job" || { tail -n 20 "$cache/mmdebstrap.log" >&2; cannot "mmdebstrap failed (full log: $cache/mmdebstrap.log)"; }
mv "$root.tmp" "$root"
chroot "$root" emcc --version >&2 || cannot "emcc in the new root does not start"
touch "$root/.complete"
say "toolchain: emcc $(chroot "$root" emcc --version 2>/dev/null | version_of) in $root"
echo "chroot $root"
