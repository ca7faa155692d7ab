#!/usr/bin/env bash
# Promise kept: what `make interop` talks to is there: the other stacks (Wireshark's command line, GnuTLS, Go and a JDK) and
# the programs (nginx, PostgreSQL, Redis, Mosquitto, Chromium, servers with STARTTLS; up to 2 GB all together), and our peers in
# Go and Java are compiled. Installs what is missing when we are root, names it when we are not. No service is started, now or
# at boot.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
cannot() {
  printf 'Cannot set up the peers: %s\n' "$*" >&2
  exit 1
}

declare -A package_of=(
  [tshark]=tshark [dumpcap]=wireshark-common [gnutls-cli]=gnutls-bin [go]=golang-go [javac]=default-jdk-headless
  [testssl]=testssl.sh [sslscan]=sslscan [nmap]=nmap [curl]=curl [wget]=wget [chromium]=chromium [certutil]=libnss3-tools [nginx]=nginx-light [setpriv]=util-linux
  [redis-server]=redis-server [redis-cli]=redis-tools [mosquitto]=mosquitto [mosquitto_pub]=mosquitto-clients
  [dovecot]="dovecot-imapd dovecot-pop3d" [vsftpd]=vsftpd [prosody]=prosody [slapd]=slapd [mariadbd]=mariadb-server-core
)
export PATH="$PATH:/usr/sbin" # where Debian has servers
commands=() packages=()
for tool in "${!package_of[@]}"; do
  command -v "$tool" >/dev/null 2>&1 && continue
  commands+=("$tool")
  read -ra names <<<"${package_of[$tool]}"
  packages+=("${names[@]}")
done
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || {
  commands+=(postgres)
  packages+=(postgresql)
}

# Packages of servers start them when they are installed, unless this file of Debian's says no.
forbid_starting() {
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
}

# They are not to start at the next boot either, if it was we who brought them.
disable_services() {
  local -A service_of=(
    [nginx-light]=nginx [redis-server]=redis-server [mosquitto]=mosquitto [postgresql]=postgresql
    [dovecot-imapd]=dovecot [vsftpd]=vsftpd [prosody]=prosody [slapd]=slapd
  )
  command -v systemctl >/dev/null 2>&1 || return 0
  for package in "${packages[@]}"; do
    [ -z "${service_of[$package]:-}" ] || systemctl disable --quiet "${service_of[$package]}" >/dev/null 2>&1 || true
  done
}

if [ ${#commands[@]} -gt 0 ]; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these commands are missing, please install them: ${commands[*]}"
  say "installing ${packages[*]}"
  forbid_starting
  apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" >/dev/null; }
  install() { apt install -y --no-install-recommends "${packages[@]}"; }
  install 2>/dev/null || { apt update && install; } || cannot "apt-get could not install ${packages[*]}"
  disable_services
  hash -r
  for tool in "${!package_of[@]}"; do
    command -v "$tool" >/dev/null 2>&1 || cannot "${package_of[$tool]} should be installed, but $tool is not on PATH"
  done
fi

dumpcap -L -i lo >/dev/null 2>&1 ||
  cannot "dumpcap may not capture on loopback; root may, and so may who is in its group ('dumpcap -L -i lo' tells more)"

newer() { [ -e "$2" ] && [ "$2" -nt "$1" ]; } # whether the second was made after the first
sources=test/interop/peers out=build/interop
mkdir -p "$out"
newer "$sources/peer.go" "$out/peer-go" || go build -o "$out/peer-go" "$sources/peer.go" || cannot "the peer in Go does not compile"
newer "$sources/Peer.java" "$out/Peer.class" || javac -d "$out" "$sources/Peer.java" || cannot "the peer in Java does not compile"
