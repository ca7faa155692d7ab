#!/usr/bin/env bash
# Promise kept: the C of the module, compiled for this machine, takes no branch and computes no address by what is marked as secret
# (test/audit/native/main.c), as far as valgrind sees it in the machine code of this compiler. Installs compiler, valgrind and
# SIMDe when we are root, names them when we are not.
#
#   scripts/audit-native.sh [SCENARIO ...]     those that begin so; all without any
set -euo pipefail
cd "$(dirname "$0")/.."

native_doing=audit
source scripts/native-sources.sh

packages=()
command -v gcc >/dev/null 2>&1 || packages+=(gcc libc6-dev)
command -v valgrind >/dev/null 2>&1 || packages+=(valgrind libc6-dbg)
native_install "${packages[@]}"

harness=test/audit/native out=build/native
inputs=$(find scripts/audit-native.sh scripts/native-sources.sh scripts/fetch-*.sh wasm "$harness" test/crypto/module test/crypto/probe.c -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)

compile() { # everything, into the program `audit`
  native_lay_out "$out"
  cp test/crypto/probe.c "$harness"/*.[ch] "$out/"
  patch -s -d "$out" -p1 <"$harness/declassified.patch" || cannot "$harness/declassified.patch does not apply: what it publishes has moved"
  (
    cd "$out"
    { native_sources; find ./evidence -name '*.c'; echo ./probe.c; echo ./main.c; } >sources
    native_compile gcc -O2 -DBORINGSSL_CONSTANT_TIME_VALIDATION <sources &&
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
