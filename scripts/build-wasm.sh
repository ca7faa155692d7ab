#!/usr/bin/env bash
# Promise kept: build/wanttls.wasm is made from exactly the pinned Mbed TLS, the pinned files of AWS-LC and the files in wasm/, by one
# command line that gives the same bytes each time, and is not made again while none of that has changed. Beside it comes
# vetted.wasm, which has no cipher or hash of our own (wasm/crypto/vetted) and shares all other objects.
#
#   scripts/build-wasm.sh [--crypto vetted|mbedtls] [--output FILE] [--force]
#   scripts/build-wasm.sh --tree FOLDER [--crypto vetted|mbedtls] [--define NAME ...]
# --crypto vetted is the same as none, as the two come together. With --crypto mbedtls it is build/wanttls-mbedtls.wasm, which has Mbed
# TLS's own cryptography and nothing of AWS-LC.
#
# For tests only come, of each module, FILE with -probe before .wasm, the same with the exports of test/crypto/probe.c and test/engine/faults.c; of
# wanttls.wasm evidence.wasm, which has those of test/crypto/module as well, which show what is inside, and evidence.traced.wasm, which
# tells each address and turn; vetted-evidence.wasm and vetted-evidence.traced.wasm likewise. Behind the name of a module and .symbols are
# the names of its functions.
# With --tree it links nothing: the empty FOLDER, which the toolchain must be able to see, gets the sources as they are compiled,
# `flags`, the objects, and which of them make the default module and vetted.wasm (default.objects, vetted.objects), for
# scripts/build-suites.sh. --define adds to Mbed TLS's configuration.
# Prints nothing but progress; the size report is scripts/report-size.ts.
set -euo pipefail
cd "$(dirname "$0")/.."

output=
force=
crypto=
tree=
defines=()
while [ $# -gt 0 ]; do
  case "$1" in
    --crypto) crypto=$2; shift 2 ;;
    --output) output=$2; shift 2 ;;
    --force) force=1; shift ;;
    --tree) tree=$2; shift 2 ;;
    --define) defines+=("-D$2"); shift 2 ;;
    *) echo "Cannot build the wasm: unknown argument $1" >&2; exit 2 ;;
  esac
done

[ "$crypto" != vetted ] || crypto= # comes with the default module
[ -z "$crypto" ] || [ "$crypto" = mbedtls ] || { echo "Cannot build the wasm: unknown cryptography $crypto (there are vetted and mbedtls)" >&2; exit 2; }
[ -n "$output" ] || output="build/wanttls${crypto:+-$crypto}.wasm"
probe="${output%.wasm}-probe.wasm"

say() { printf 'wasm: %s\n' "$*" >&2; }

# Mbed TLS's own files that are not needed: sockets, files, timers, storage, self-tests and unused algorithms drop out
# at link time, so all of library/ is compiled and the linker decides.
compile_flags=(-O2 -msimd128 -mbulk-memory -ffunction-sections -fdata-sections -fno-ident -Wall -Wextra
  '-DMBEDTLS_CONFIG_FILE="wanttls_config.h"' -Iwasm -Iwasm/crypto -Imbedtls/include -Imbedtls/library)
# Ciphers of our own: straight-line vector code, which the vectorisers only make worse.
crypto_flags=(-O3 -fno-vectorize -fno-slp-vectorize)
# AWS-LC's, by its own vector code and by the vectorisers.
vetted_flags=(-O3 -msse2)
# What runs a few times a handshake and waits for nothing: the size of the package counts more.
small_flags=(-Os)
# What reads a peer's handshake: writing beyond locals ends in a trap. The record path and the ciphers would pay for it with each record.
guarded_flags=(-fstack-protector-strong)
# The stack is below all data, so that one that overflows leaves the memory, which traps, instead of growing over the data.
link_flags=(-O2 -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=2MB -sMAXIMUM_MEMORY=2GB
  -sSTACK_SIZE=256KB -Wl,--stack-first -sABORTING_MALLOC=0 -sDEFAULT_TO_CXX=0 -sFILESYSTEM=0 --emit-symbol-map)
# Functions with one caller stay what they are, unless they are tiny: put together they make the whole handshake, of both roles and
# versions, one function, which an engine takes longer to compile than to run.
link_flags+=(-sBINARYEN_EXTRA_PASSES=--one-caller-inline-max-function-size=50)

# AWS-LC's curves: C without assembly, for one thread, and X25519 with the base-point table that is 30 KB smaller.
if [ "$crypto" = mbedtls ]; then
  compile_flags+=(-DWANTTLS_CRYPTO_MBEDTLS)
else
  compile_flags+=(-Imbedtls -isystem awslc -isystem awslc/include -DNDEBUG -DOPENSSL_NO_ASM -DOPENSSL_SMALL
    -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED)
  awslc=$(scripts/fetch-awslc.sh)
fi

tarball=$(scripts/fetch-mbedtls.sh)
inputs=$({ echo "$crypto"; cat scripts/build-wasm.sh scripts/in-toolchain.sh scripts/fetch-mbedtls.sh test/crypto/probe.c test/engine/faults.c; find wasm test/crypto/module -type f ! -name boundary.txt | LC_ALL=C sort | while read -r file; do echo "$file"; cat "$file"; done; } | sha256sum | cut -d' ' -f1)
stamp="$output.inputs"
made=("$output" "$output.symbols" "$probe")
[ -n "$crypto" ] || made+=("$(dirname "$output")/vetted.wasm")
if [ -z "$tree$force" ] && ls "${made[@]}" >/dev/null 2>&1 && [ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ]; then
  exit 0
fi

source scripts/in-toolchain.sh

mkdir "$work/mbedtls"
tar -xjf "$tarball" -C "$work/mbedtls" --strip-components=1
cp -r wasm "$work/wasm"
cp test/crypto/probe.c test/engine/faults.c "$work"
mkdir "$work/evidence"
if [ "$crypto" = mbedtls ]; then
  rm -rf "$work/wasm/crypto"
else
  cp -r "$awslc" "$work/awslc"
  cp test/crypto/module/*.[ch] "$work/evidence"
fi
patches=(wasm/patches/*.patch)
[ "$crypto" = mbedtls ] || patches+=(wasm/crypto/patches/*.patch)
for patch in "${patches[@]}"; do
  patch -s -d "$work/mbedtls" -p1 <"$patch" || { say "Cannot build the wasm: $patch does not apply"; exit 1; }
done

mkdir "$work/objects"
(cd "$work" && find wasm mbedtls/library probe.c faults.c evidence -name '*.c' | LC_ALL=C sort | grep -v -e /net_sockets.c -e /timing.c -e /psa_its_file.c) >"$work/sources"
printf '%s\n' "${compile_flags[@]}" "${defines[@]}" >"$work/flags"
printf '%s\n' "${crypto_flags[@]}" >"$work/crypto-flags"
printf '%s\n' "${vetted_flags[@]}" >"$work/vetted-flags"
printf '%s\n' "${small_flags[@]}" >"$work/small-flags"
printf '%s\n' "${guarded_flags[@]}" >"$work/guarded-flags"
cat >"$work/compile.sh" <<'SCRIPT'
#!/bin/bash
# Compiles what `sources` lists with what `flags` lists, $1 files at a time; stops at the first that fails.
mapfile -t flags <flags
mapfile -t crypto_flags <crypto-flags
mapfile -t vetted_flags <vetted-flags
mapfile -t small_flags <small-flags
mapfile -t guarded_flags <guarded-flags
mapfile -t sources <sources
for ((i = 0; i < ${#sources[@]}; i++)); do
  [ $((i % 20)) -ne 0 ] || echo "wasm: compiling file $((i + 1)) of ${#sources[@]}" >&2
  [ "$i" -lt "$1" ] || wait -n || exit 1
  more=()
  case "${sources[i]}" in
    wasm/crypto/aes* | wasm/crypto/chacha* | wasm/crypto/poly1305* | wasm/crypto/gcm* | wasm/crypto/ghash* | wasm/crypto/sha* | wasm/crypto/p256_* | evidence/*) more=("${crypto_flags[@]}") ;;
    wasm/crypto/vetted/aes*) more=("${vetted_flags[@]}") ;;
    wasm/crypto/almost_inverse.c) more=("${small_flags[@]}") ;;
    wasm/crypto/* | wasm/aead.c) ;;
    wasm/* | faults.c) more=("${guarded_flags[@]}") ;;
    */ssl_[ct]* | */x509* | */asn1* | */pk[_pw.]* | */oid.c | */error.c | */rsa* | */des.c) more=("${small_flags[@]}" "${guarded_flags[@]}") ;;
  esac
  emcc -c "${sources[i]}" -o "objects/$i.o" "${flags[@]}" "${more[@]}" &
done
while [ -n "$(jobs -rp)" ]; do wait -n || exit 1; done
SCRIPT
run bash compile.sh "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"
[ "$(find "$work/objects" -name '*.o' | wc -l)" = "$(wc -l <"$work/sources")" ] || { say "Cannot build the wasm: a file did not compile"; exit 1; }
# What a module leaves out: the default one what vetted.wasm has instead, and the other way about.
vetted='wasm.crypto.vetted'
own='wasm.crypto.(aes|ghash|chacha20|chachapoly|p256_field|p256_point|p256_verify|poly1305|products|sha256).c|mbedtls.library.sha256.c|evidence.inside'
leaving_out() { printf '!/^(%s)/ { print NR - 1 }' "$1"; }
if [ -n "$tree" ]; then
  awk "$(leaving_out "$vetted|probe|faults|evidence")" "$work/sources" >"$work/default.objects"
  awk "$(leaving_out "$own|probe|faults|evidence")" "$work/sources" >"$work/vetted.objects"
  exit 0
fi

say "linking"
link() { # FILE, which of the objects, by their lines in `sources`, and more flags
  local file=$1 lines=$2
  run bash -c 'exec emcc $(printf "objects/%d.o " $(awk "$1" sources)) -o "$2" "${@:3}"' bash "$lines" "$file" "${link_flags[@]}" "${@:3}"
}
trace() { # FILE.wasm to FILE.traced.wasm
  run bash -c '"$(em-config BINARYEN_ROOT)/bin/wasm-opt" --all-features --instrument-memory --log-execution "$1.wasm" -o "$1.traced.wasm"' bash "$1"
}
faulty=(-Wl,--wrap=malloc,--wrap=calloc)
link wanttls.wasm "$(leaving_out "$vetted|probe|faults|evidence")"
link probe.wasm "$(leaving_out "$vetted|evidence")" "${faulty[@]}"
if [ "$crypto" != mbedtls ]; then
  link evidence.wasm "$(leaving_out "$vetted|faults")"
  link vetted.wasm "$(leaving_out "$own|probe|faults|evidence")"
  link vetted-probe.wasm "$(leaving_out "$own|evidence")" "${faulty[@]}"
  link vetted-evidence.wasm "$(leaving_out "$own|faults")"
  trace evidence
  trace vetted-evidence
fi
folder=$(dirname "$output")
mkdir -p "$folder"
[ "$crypto" = mbedtls ] || cp "$work"/evidence*.wasm* "$work"/vetted*.wasm* "$folder/"
cp "$work/wanttls.wasm" "$output"
cp "$work/wanttls.wasm.symbols" "$output.symbols"
cp "$work/probe.wasm" "$probe"
echo "$inputs" >"$stamp"
say "made $output, $(wc -c <"$output") bytes"
