# Sourced by the scripts that compile the C of the module for this machine (audit-native.sh, fuzz.sh). Owns which Debian packages must
# be there, how the sources are laid out, which of them are compiled and with what. Does not know what for: `native_doing` is a verb of
# the one who sources it.

say() { printf '%s: %s\n' "$native_doing" "$*" >&2; }
cannot() {
  say "Cannot $native_doing: $*"
  exit 1
}

# Installs packages of Debian when we are root, names them when we are not. SIMDe, for the vectors of wasm, is needed in any case.
native_install() {
  [ -f /usr/include/simde/wasm/simd128.h ] || set -- "$@" libsimde-dev
  [ $# -gt 0 ] || return 0
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || cannot "these packages of Debian are missing, please install them: $*"
  say "installing $*"
  local install=(apt-get install -y -qq --no-install-recommends "$@")
  export DEBIAN_FRONTEND=noninteractive
  "${install[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}" >/dev/null; } || cannot "apt-get could not install $*"
}

# Folder OUT, as scripts/build-wasm.sh has it: Mbed TLS with our patches, wasm, awslc, and test/crypto/module as evidence.
native_lay_out() {
  local out=$1 tarball awslc patch
  tarball=$(scripts/fetch-mbedtls.sh)
  awslc=$(scripts/fetch-awslc.sh)
  rm -rf "$out"
  mkdir -p "$out/mbedtls" "$out/objects"
  tar -xjf "$tarball" -C "$out/mbedtls" --strip-components=1
  cp -r wasm "$out/wasm"
  cp -r "$awslc" "$out/awslc"
  cp -r test/crypto/module "$out/evidence"
  cp test/audit/native/{narrow,wasm_simd128}.h "$out/"
  for patch in wasm/patches/*.patch wasm/crypto/patches/*.patch; do patch -s -d "$out/mbedtls" -p1 <"$patch" || cannot "$patch does not apply"; done
}

native_flags=(-g -w -ffunction-sections -fdata-sections '-DMBEDTLS_CONFIG_FILE="wanttls_config.h"' -I. -Iwasm -Iwasm/crypto
  -Ievidence -Imbedtls/include -Imbedtls/library -Imbedtls -isystem awslc -isystem awslc/include -DNDEBUG -DOPENSSL_NO_ASM
  -DOPENSSL_SMALL -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED)
[ "$(uname -m)" != x86_64 ] || native_flags+=(-msse4.1) # shuffles of bytes

# In such a folder: the files that the module is made of, by their paths.
native_sources() {
  find ./wasm -name '*.c' -not -path './wasm/crypto/vetted/*'
  find ./mbedtls/library -name '*.c' | grep -v -e /net_sockets.c -e /timing.c -e /psa_its_file.c
}

# In such a folder: COMPILER and flags; compiles the files whose paths come in, each to objects/NUMBER.o, as many at a time as there
# are processors. The flags that `native_more FILE` prints come last.
native_more() { :; }
native_compile() {
  local number=0 file more
  while read -r file; do
    mapfile -t more < <(native_more "$file")
    case "$file" in ./wasm/crypto/*) more+=(-include narrow.h) ;; esac
    [ "$number" -lt "$(getconf _NPROCESSORS_ONLN)" ] || wait -n || return 1
    "$1" -c "$file" -o "objects/$number.o" "${native_flags[@]}" "${@:2}" "${more[@]}" &
    number=$((number + 1))
  done
  while [ -n "$(jobs -rp)" ]; do wait -n || return 1; done
}
