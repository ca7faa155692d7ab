#!/usr/bin/env bash
# Promise kept: a bare Debian machine needs nothing but make, Node and npm. What else is missing is installed when we are
# root and named when we are not; then the npm packages arrive, and with them the pinned Node, Deno and Bun.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=node_modules/.stamp
say() { printf '==> %s\n' "$*"; }
cannot() {
  printf 'Cannot set up: %s\n' "$*" >&2
  exit 1
}

for tool in node npm; do
  command -v "$tool" >/dev/null 2>&1 || cannot "$tool is not on PATH (Node 20.19 or newer is needed, with npm)"
done
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  cannot "Node $(node --version) is too old (20.19 or newer is needed)"

missing=()
for tool in bzip2 curl openssl patch python3; do
  command -v "$tool" >/dev/null 2>&1 || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these commands are missing, please install them: ${missing[*]}"
  say "installing ${missing[*]}"
  packages=("${missing[@]}" ca-certificates)
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }
  install 2>/dev/null || { apt-get update -qq && install; } || cannot "apt-get could not install ${packages[*]}"
fi

if [ "$stamp" -nt package-lock.json ]; then
  exit 0
fi
say "npm packages, with the pinned Node, Deno and Bun (about 500 MB, one minute)"
npm ci --no-audit --no-fund --loglevel=error &
job=$!
trap 'kill "$job" 2>/dev/null || true' INT TERM
seconds=0
while kill -0 "$job" 2>/dev/null; do
  sleep 1
  seconds=$((seconds + 1))
  [ $((seconds % 10)) -ne 0 ] || say "npm packages: $(du -sm node_modules 2>/dev/null | cut -f1) MB unpacked"
done
wait "$job" || cannot "npm ci failed (its message is above)"
for runtime in node deno bun; do
  say "$runtime $("node_modules/.bin/$runtime" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)"
done
touch "$stamp"
