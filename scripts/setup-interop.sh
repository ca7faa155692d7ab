#!/usr/bin/env bash
# Promise kept: what `make interop` talks to is there: Wireshark's command line, GnuTLS, servers with STARTTLS, Go and a JDK (up
# to 1 GB), and our peers in Go and Java are compiled. Installs what is missing when we are root, names it when we are not.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
cannot() {
  printf 'Cannot set up the peers: %s\n' "$*" >&2
  exit 1
}

declare -A package_of=([tshark]=tshark [dumpcap]=wireshark-common [gnutls-cli]=gnutls-bin [go]=golang-go [javac]=default-jdk-headless
  [dovecot]="dovecot-imapd dovecot-pop3d" [vsftpd]=vsftpd [prosody]=prosody [slapd]=slapd [mariadbd]=mariadb-server-core)
export PATH="$PATH:/usr/sbin" # where Debian has servers
commands=() packages=()
for tool in "${!package_of[@]}"; do
  command -v "$tool" >/dev/null 2>&1 && continue
  commands+=("$tool")
  read -ra names <<<"${package_of[$tool]}"
  packages+=("${names[@]}")
done
if [ ${#commands[@]} -gt 0 ]; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these commands are missing, please install them: ${commands[*]}"
  say "installing ${packages[*]}"
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }
  install 2>/dev/null || { apt-get update -qq && install; } || cannot "apt-get could not install ${packages[*]}"
fi

dumpcap -L -i lo >/dev/null 2>&1 ||
  cannot "dumpcap may not capture on loopback; root may, and so may who is in its group ('dumpcap -L -i lo' tells more)"

newer() { [ -e "$2" ] && [ "$2" -nt "$1" ]; } # whether the second was made after the first
sources=test/interop/peers out=build/interop
mkdir -p "$out"
newer "$sources/peer.go" "$out/peer-go" || go build -o "$out/peer-go" "$sources/peer.go" || cannot "the peer in Go does not compile"
newer "$sources/Peer.java" "$out/Peer.class" || javac -d "$out" "$sources/Peer.java" || cannot "the peer in Java does not compile"
