#!/usr/bin/env bash
# Promise kept: build/ssl-opt/ has Mbed TLS's own client and server, compiled for this machine as upstream configures them, the
# files that they read, and `scenarios`: what its tests/ssl-opt.sh would run here (test/ssl-opt/list.sh says in which form).
# Installs what is missing when we are root, names it when we are not.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'ssl-opt: %s\n' "$*" >&2; }
cannot() {
  say "Cannot build the peers: $*"
  exit 1
}

declare -A package_of=([gcc]=gcc [make]=make [openssl]=openssl [gnutls-cli]=gnutls-bin [perl]=perl [lsof]=lsof)
packages=()
for tool in "${!package_of[@]}"; do command -v "$tool" >/dev/null 2>&1 || packages+=("${package_of[$tool]}"); done
if [ ${#packages[@]} -gt 0 ]; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these packages of Debian are missing, please install them: ${packages[*]}"
  say "installing ${packages[*]}"
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" libc6-dev >/dev/null; }
  install 2>/dev/null || { apt-get update -qq && install; } || cannot "apt-get could not install ${packages[*]}"
fi

out=build/ssl-opt
tarball=$(scripts/fetch-mbedtls.sh)
inputs=$(cat "$tarball" scripts/build-ssl-opt.sh test/ssl-opt/list.sh | sha256sum)
[ "$(cat "$out/inputs" 2>/dev/null)" != "$inputs" ] || exit 0

rm -rf "$out"
mkdir -p "$out"
tar -xjf "$tarball" -C "$out" --strip-components=1
say "compiling Mbed TLS's programs"
jobs=$(getconf _NPROCESSORS_ONLN)
make -s -j "$jobs" -C "$out/library" CFLAGS=-O1 static >/dev/null || cannot "the library does not compile"
make -s -j "$jobs" -C "$out/programs" CFLAGS=-O1 ssl/ssl_client2 ssl/ssl_server2 test/query_compile_time_config >/dev/null ||
  cannot "the programs do not compile"

# Most of upstream's certificates are signed with SHA-1, or have NULL parameters beside ecdsa-with-SHA256, which RFC 5758 (section 3.2)
# forbids: we refuse both, whatever the scenario is about. Those that are to be good are signed anew by the same keys.
(
  cd "$out/framework/data_files"
  serial_of() { echo "0x$(openssl x509 -in "$1" -noout -serial | cut -d= -f2)"; }
  openssl x509 -in test-ca2.crt -signkey test-ca2.key -sha256 -preserve_dates -set_serial "$(serial_of test-ca2.crt)" -out new.pem
  mv new.pem test-ca2.crt
  for file in server[15].ku-*.crt server[15].eku-*.crt server2.ku-*.crt server1.crt server1-nospace.crt server2.crt cli2.crt; do
    [ -e "$file" ] || continue
    ca=test-ca
    case "$(openssl x509 -in "$file" -noout -issuer)" in *EC\ CA*) ca=test-ca2 ;; esac
    openssl x509 -in "$file" -x509toreq -signkey "${file%%[.-]*}.key" -copy_extensions copyall -out request.pem
    openssl x509 -req -in request.pem -CA "$ca.crt" -CAkey "$ca.key" -passin pass:PolarSSLTest -sha256 -days 1000 \
      -set_serial "$(serial_of "$file")" -copy_extensions copyall -out new.pem
    mv new.pem "$file"
  done
  cat test-ca.crt test-ca2.crt >test-ca_cat12.crt
  cat test-ca2.crt test-ca.crt >test-ca_cat21.crt
) 2>"$out/signing.log" || cannot "openssl could not sign upstream's certificates anew: $out/signing.log"

say "listing the scenarios"
cd "$out/tests"
awk -v list=../../../test/ssl-opt/list.sh '/^# Basic test$/ && !done { while ((getline line < list) > 0) print line; done = 1 } { print }' ssl-opt.sh >list.sh
# It ends with an error, as none was run. Nobody starts its proxy for datagrams, for which any program will do.
P_PXY=/bin/true sh list.sh --port 11503 3>../scenarios >list.log 2>&1 || true
[ -s ../scenarios ] || cannot "$out/tests/list.log says why there are no scenarios"
cd ../../..
echo "$inputs" >"$out/inputs"
