# Sourced by the scripts that fetch pinned sources: files by digest, the download cache, and Debian's source packages.
# Knows nothing of any one package.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/wanttls"

say() { printf '%s\n' "$*" >&2; }
digest_of() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }

# debian_source PACKAGE FOLDER: puts PACKAGE's source, as suite sid has it now, into FOLDER, and says on standard error why not.
# DEBIAN_MIRROR overrides the mirror that apt is configured with.
debian_source() {
  command -v apt-get >/dev/null 2>&1 || return 1
  local mirror="${DEBIAN_MIRROR:-}" work
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 2>/dev/null | awk -F'|' '$2=="Debian" && $3=="Debian" {print $1; exit}')
  [ -n "$mirror" ] || return 1
  say "$1: fetching Debian's source package"
  work=$(mktemp -d)
  chmod 755 "$work"
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sources.list"
  : >"$work/status"
  local apt=(apt-get -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/nonexistent -o Dir::State="$work"
    -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives"
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
  if "${apt[@]}" update >"$work/log" 2>&1 && (cd "$2" && "${apt[@]}" source --download-only "$1" >>"$work/log" 2>&1); then
    rm -rf "$work"
    return 0
  fi
  say "$1: Debian's source package was not to be had: $(tail -n 1 "$work/log")"
  rm -rf "$work"
  return 1
}
