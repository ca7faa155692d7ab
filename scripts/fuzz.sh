#!/usr/bin/env bash
# Promise kept: the C of the module, compiled for this machine with AddressSanitizer and UndefinedBehaviorSanitizer, comes through
# mutated inputs without a trap, a leak or a second of work on one of them: those of test/fuzz, and what libFuzzer makes of them.
# Installs compiler and libraries when we are root, names them when we are not.
#
#   scripts/fuzz.sh [TARGET...] [SECONDS]   these targets or all, each for so many seconds, 60 without; 0: what is in test/fuzz, once
#   scripts/fuzz.sh --merge [TARGET...]     makes test/fuzz/corpus anew, of itself and of build/fuzz-found, as small as its coverage allows
#   scripts/fuzz.sh --seed                  adds to build/fuzz-found undisturbed conversations, certificates, keys and signatures
set -euo pipefail
cd "$(dirname "$0")/.."

native_doing=fuzz
source scripts/native-sources.sh

# Debian 12's compiler, and elsewhere the one that there is.
version=-14
command -v clang-14 >/dev/null 2>&1 || apt-cache show clang-14 >/dev/null 2>&1 || version=
clang=clang$version
# Addresses and sizes of 32 bits, as in wasm, where the machine has them too.
bits=() multilib=()
if [ "$(uname -m)" = x86_64 ]; then
  bits=(-m32 -msse2 -mfpmath=sse -idirafter /usr/include/x86_64-linux-gnu -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64)
  multilib=(g++-multilib)
fi
is_ready() { # whether a program like ours can be made
  echo '#include <asm/errno.h>
    int LLVMFuzzerTestOneInput(const void *at, unsigned long size) { return at == 0 && size == 1; }' |
    $clang "${bits[@]}" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null
}
packages=()
is_ready || packages+=("clang$version" "libclang-rt$version-dev" "llvm$version" "${multilib[@]}")
native_install "${packages[@]}"
is_ready || cannot "$clang makes no program with -fsanitize=fuzzer,address,undefined ${bits[*]}"

harness=test/fuzz out=build/fuzz found=build/fuzz-found
targets=(liar handshake sessions certificates kernels)
inputs=$(find scripts/fuzz.sh scripts/native-sources.sh scripts/fetch-*.sh wasm "$harness"/*.[ch] "$harness"/*.patch test/audit/native test/crypto/module test/support/certs -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)
# Null plus zero, which Mbed TLS computes and C2y allows, is an overflow of a pointer to this version.
sanitizers=(-fsanitize=address,undefined -fno-sanitize=pointer-overflow)
# The messages of a liar pass through its hands before they are hashed and sent.
wrapped=(write_handshake_msg_ext add_hs_msg_to_checksum finish_handshake_msg)

# Arithmetic takes most of the time and has few branches. AWS-LC's comes with a proof, and the tables of coverage would keep what nobody
# calls of it.
native_more() {
  case "$1" in
    */crypto/awslc.c | */crypto/p256.c | */crypto/x25519.c) printf '%s\n' -O2 -fno-sanitize=all ;;
    ./wasm/crypto/* | */bignum* | */ecp* | */sha* | */md5.c | */des.c | */ccm.c | */constant_time.c | */stock*)
      printf '%s\n' -O2 -fno-sanitize-coverage=trace-cmp ;;
  esac
}

compile() { # each target, a program of that name, and `seeds`
  local name target
  native_lay_out "$out"
  cp "$harness"/*.[ch] "$out/"
  patch -s -d "$out" -p1 <"$harness/fences.patch" || cannot "$harness/fences.patch does not apply"
  for name in localhost localhost-rsa client; do
    openssl x509 -in "test/support/certs/$name.cert.pem" -outform DER -out "$out/$name.cert.der"
    openssl pkey -in "test/support/certs/$name.key.pem" -outform DER -out "$out/$name.key.der"
  done
  (
    cd "$out"
    { native_sources; ls ./*.c; echo ./evidence/stock.c; } >sources
    native_compile $clang -O1 "${bits[@]}" "${sanitizers[@]}" -fno-sanitize-recover=all -fno-omit-frame-pointer -fsanitize=fuzzer-no-link <sources || exit 1
    for target in handshake liar; do link $target "$target.c mutate.c" -fsanitize=fuzzer || exit 1; done
    for target in sessions certificates kernels; do link $target $target.c -fsanitize=fuzzer || exit 1; done
    link seeds 'seeds.c liar.c'
  ) || cannot "the sources do not compile"
  echo "$inputs" >"$out/inputs"
}

link() { # PROGRAM, the files that others do not have, flags; in the folder
  local objects wraps=()
  objects=$(awk -v own=" $2 " -v others=" $(printf '%s.c ' seeds mutate "${targets[@]}")" '{
    name = $0; sub(".*/", "", name)
    if (/^\.\/[^\/]*$/ && index(others, " " name " ") && !index(own, " " name " ")) next
    print "objects/" NR - 1 ".o" }' sources)
  case "$2" in *liar.c*) wraps=("${wrapped[@]/#/-Wl,--wrap=mbedtls_ssl_}") ;; esac
  # shellcheck disable=SC2086
  $clang "${bits[@]}" "${sanitizers[@]}" "${@:3}" -Wl,--gc-sections,--no-export-dynamic "${wraps[@]}" -o "$1" $objects
}

known() { # TARGET: the folders with its inputs in test/fuzz, those that there are
  find "$harness/corpus/$1" "$harness/regressions/$1" -maxdepth 0 2>/dev/null
}

# Mbed TLS's own inputs, which belong to its tarball, with a scene before them.
upstream_seeds() {
  local scene role
  for scene in 0 1 4 5; do
    role=client
    [ $((scene & 1)) = 0 ] || role=server
    { printf "\\x$scene"; cat "$out/mbedtls/programs/fuzz/corpuses/$role"; } >"$found/handshake/upstream-$scene"
  done
}

seeds() {
  local name certs=test/support/certs into="$found/certificates"
  ASAN_OPTIONS=detect_leaks=0 "$out/seeds" "$found" $(seq 0 255)
  for name in $(cd "$certs" && ls -- *.cert.pem); do
    { printf '\0\0\0\0'; openssl x509 -in "$certs/$name" -outform DER; } >"$into/$name"
  done
  for name in $(cd "$certs" && ls -- *.key.pem); do
    { printf '\1\3\0\0'; openssl pkey -in "$certs/$name" -outform DER; } >"$into/$name"
  done
  signatures "$certs" "$into"
  for name in 0 1 2 3 4 5; do
    { printf "\\3\\x$name\\0\\0"; head -c 96 /dev/zero; } >"$into/decryption-$name"
    for choice in 0 4 8 12; do printf "\\4\\x8\\x$name\\x$(printf %x $choice)passwordsaltsalt" >"$into/derivation-$name-$choice"; done
  done
  for name in 0 1 2 3 4 5 6 7; do { printf "\\x$name\\3\\7"; seq 1000; } >"$found/kernels/sequence-$name"; done
}

signatures() { # CERTS, INTO: right ones, of even size
  local key text=build/fuzz/text signature=build/fuzz/signature choices
  printf 'what is signed' >"$text"
  for key in localhost localhost-p384 localhost-rsa pss; do
    choices='\16\11'
    options=()
    [ $key != pss ] || { choices='\16\xf3'; options=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20); }
    until openssl dgst -sha256 -sign "$1/${key/pss/localhost-rsa}.key.pem" "${options[@]}" -out "$signature" "$text" && [ $(($(wc -c <"$signature") % 2)) = 0 ]; do :; done
    {
      printf "\\2\\x$(printf %x $(($(wc -c <"$signature") / 2)))$choices"
      openssl pkey -in "$1/${key/pss/localhost-rsa}.key.pem" -pubout -outform DER
      cat "$text" "$signature"
    } >"$2/signature-$key"
  done
}

merge() { # TARGET
  local fresh="$found/merged-$1"
  # What liars say under encryption reaches the shipped module as bytes on the wire.
  [ "$1" != handshake ] || ASAN_OPTIONS=detect_leaks=0 "$out/seeds" "$found" "$harness"/corpus/liar/*
  rm -rf "$fresh"
  mkdir -p "$fresh" "$harness/corpus/$1"
  # Which edges are reached, not how often: the folder stays small.
  "$out/$1" -set_cover_merge=1 -use_counters=0 -max_len=8192 "$fresh" "$harness/corpus/$1" "$found/$1" >"$found/$1.log" 2>&1 || { tail -n 40 "$found/$1.log" >&2; cannot "the corpus of $1 does not merge"; }
  rm -rf "${harness:?}/corpus/$1"
  mv "$fresh" "$harness/corpus/$1"
  say "$1: $(ls "$harness/corpus/$1" | wc -l) inputs, $(du -b -s "$harness/corpus/$1" | cut -f1) bytes"
}

fuzz() { # TARGET SECONDS; answers whether nothing was found
  local log="$found/$1.log" how=(-runs=0) status=0
  [ "$2" = 0 ] || how=(-max_total_time="$2" -max_len=8192)
  mapfile -t folders < <(known "$1")
  [ "$2" = 0 ] || folders=("$found/$1" "${folders[@]}")
  "$out/$1" "${how[@]}" -timeout=30 -print_final_stats=1 -artifact_prefix="$found/crashes/$1-" "${folders[@]}" >"$log" 2>&1 || status=$?
  awk -v target="$1" '/ cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corpus = $(i + 1) } sub("/.*", "", corpus) }
    /number_of_executed_units/ { runs = $2 } END { printf "fuzz: %s: %d executions, %d edges, %d inputs\n", target, runs, cov, corpus }' "$log"
  [ $status = 0 ] && return 0
  grep -v -e '^#' -e 'in fuzzer::' "$log" | tail -n 60 >&2
  say "$1: found something, see $log; the input belongs into $harness/regressions/$1 once it is understood"
  return 1
}

[ "$(cat "$out/inputs" 2>/dev/null)" = "$inputs" ] || { say "compiling"; compile; }
for target in "${targets[@]}"; do mkdir -p "$found/$target"; done
mkdir -p "$found/crashes"
ASAN_SYMBOLIZER_PATH=$(command -v "llvm-symbolizer$version" || true)
export ASAN_SYMBOLIZER_PATH UBSAN_OPTIONS=print_stacktrace=1

mode=fuzz seconds=60 wanted=()
for argument in "$@"; do
  case "$argument" in
    --merge) mode=merge ;;
    --seed) seeds; exit ;;
    *[!0-9]*) [ -x "$out/$argument" ] || cannot "there is no target $argument (there are: ${targets[*]})"; wanted+=("$argument") ;;
    *) seconds=$argument ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${targets[@]}")
status=0
[ "$mode" = merge ] || [ "$seconds" = 0 ] || upstream_seeds
for target in "${wanted[@]}"; do
  if [ "$mode" = merge ]; then merge "$target"; else fuzz "$target" "$seconds" || status=1; fi
done
exit $status
