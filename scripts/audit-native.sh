#!/usr/bin/env bash
# Promise kept: the C of the module, compiled for this machine, takes no branch and computes no address by what is marked as secret
# (test/audit/native/main.c), as far as valgrind sees it in the machine code of this compiler. Installs compiler, valgrind and
# SIMDe when we are root, names them when we are not.
#
#   scripts/audit-native.sh [SCENARIO ...]     those that begin so; all without any
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'native: %s\n' "$*" >&2; }
cannot() {
  say "Cannot audit: $*"
  exit 1
}

packages=()
command -v gcc >/dev/null 2>&1 || packages+=(gcc libc6-dev)
command -v valgrind >/dev/null 2>&1 || packages+=(valgrind libc6-dbg)
[ -f /usr/include/simde/wasm/simd128.h ] || packages+=(libsimde-dev)
if [ ${#packages[@]} -gt 0 ]; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these packages of Debian are missing, please install them: ${packages[*]}"
  say "installing ${packages[*]}"
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }
  install 2>/dev/null || { apt-get update -qq && install; } || cannot "apt-get could not install ${packages[*]}"
fi

harness=test/audit/native out=build/native
tarball=$(scripts/fetch-mbedtls.sh)
awslc=$(scripts/fetch-awslc.sh)
inputs=$(find scripts/audit-native.sh scripts/fetch-*.sh wasm "$harness" test/crypto/module test/crypto/probe.c -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)

compile() { # everything, in a folder laid out as scripts/build-wasm.sh does, into the program `audit` there
  rm -rf "$out"
  mkdir -p "$out/mbedtls" "$out/objects"
  tar -xjf "$tarball" -C "$out/mbedtls" --strip-components=1
  cp -r wasm "$out/wasm"
  cp -r "$awslc" "$out/awslc"
  cp -r test/crypto/module "$out/evidence"
  cp test/crypto/probe.c "$harness"/*.[ch] "$out/"
  for patch in wasm/patches/*.patch wasm/crypto/patches/*.patch; do patch -s -d "$out/mbedtls" -p1 <"$patch" || cannot "$patch does not apply"; done
  patch -s -d "$out" -p1 <"$harness/declassified.patch" || cannot "$harness/declassified.patch does not apply: what it publishes has moved"
  local flags=(-O2 -g -w -ffunction-sections -fdata-sections '-DMBEDTLS_CONFIG_FILE="wanttls_config.h"' -I. -Iwasm -Iwasm/crypto
    -Ievidence -Imbedtls/include -Imbedtls/library -Imbedtls -isystem awslc -isystem awslc/include -DNDEBUG -DOPENSSL_NO_ASM
    -DOPENSSL_SMALL -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED -DBORINGSSL_CONSTANT_TIME_VALIDATION)
  [ "$(uname -m)" != x86_64 ] || flags+=(-msse4.1) # shuffles of bytes
  (
    cd "$out"
    find . -name '*.c' -not -path './mbedtls/*' -not -path './awslc/*' -not -path './wasm/crypto/vetted/*' >sources
    find mbedtls/library -name '*.c' | grep -v -e /net_sockets.c -e /timing.c -e /psa_its_file.c >>sources
    local number=0 file more
    while read -r file; do
      more=()
      case "$file" in ./wasm/crypto/*) more=(-include narrow.h) ;; esac
      [ "$number" -lt "$(getconf _NPROCESSORS_ONLN)" ] || wait -n || exit 1
      gcc -c "$file" -o "objects/$number.o" "${flags[@]}" "${more[@]}" &
      number=$((number + 1))
    done <sources
    while [ -n "$(jobs -rp)" ]; do wait -n || exit 1; done
    gcc -Wl,--gc-sections -o audit objects/*.o
  ) || cannot "the sources do not compile"
  suppressions >"$out/blinded.supp"
  openssl rsa -in test/support/certs/localhost-rsa.key.pem -outform DER -traditional -out "$out/rsa.der" 2>/dev/null
  echo "$inputs" >"$out/inputs"
}

suppressions() { # valgrind's form of blinded.txt
  local name kind frames
  sed 's/#.*//' "$harness/blinded.txt" | while read -r name frames; do
    [ -n "$name" ] || continue
    if [ "$name" = "=" ]; then name=$frames frames=""; else frames=" ..."; fi
    for kind in Cond Value8; do printf '{\n blinded\n Memcheck:%s\n%s\n fun:%s\n}\n' "$kind" "$frames" "$name" | grep -v '^$'; done
  done
}

[ "$(cat "$out/inputs" 2>/dev/null)" = "$inputs" ] || { say "compiling"; compile; }
if ! valgrind --error-limit=no --suppressions="$out/blinded.supp" --log-file="$out/valgrind.log" "$out/audit" "$out/rsa.der" "$@"; then
  cannot "a secret decides a branch or an address: $out/valgrind.log says where"
fi
