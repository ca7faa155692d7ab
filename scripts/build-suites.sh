#!/usr/bin/env bash
# Promise kept: the programs in build/suites/ are Mbed TLS's own test suites, changed in test/suites/private-fields.patch only,
# linked with the objects that the shipped module is made of (scripts/build-wasm.sh): our patches, our ciphers, the same flags.
#
#   scripts/build-suites.sh OUTPUT [--crypto vetted|mbedtls] [--define NAME ...] [SUITE ...]
# A SUITE is test_suite_SUITE.function with all its data files; all that there are, unless some are named. OUTPUT gets a program
# SUITE.cjs for Node, with SUITE.wasm and SUITE.datax, and the files that the tests read.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$1
shift
options=()
module=default
while [[ "${1:-}" == --* ]]; do
  [ "$1 $2" != "--crypto vetted" ] || module=vetted
  options+=("$1" "$2")
  shift 2
done

source scripts/in-toolchain.sh
scripts/build-wasm.sh --tree "$work" "${options[@]}"
[ $# -gt 0 ] || set -- $(cd "$work/mbedtls/tests/suites" && printf '%s\n' test_suite_*.function | sed 's/^test_suite_//; s/\.function$//')
mkdir "$work/suites" "$work/helpers"
cp test/suites/host.c "$work/helpers/host.c"
patch -s -d "$work/mbedtls" -p1 <test/suites/private-fields.patch

echo "suites: generating" >&2
for name in "$@"; do # one program for all data files of a suite, where upstream makes one for each
  cat "$work/mbedtls/tests/suites/test_suite_$name".{,*.}data >"$work/suites/test_suite_$name.data" 2>/dev/null || true
  (cd "$work/mbedtls/tests" && python3 ../framework/scripts/generate_test_code.py -f "suites/test_suite_$name.function" \
    -d "$work/suites/test_suite_$name.data" -t suites/main_test.function -p suites/host_test.function -s suites \
    --helpers-file suites/helpers.function -o "$work/suites")
done

cat >"$work/compile-suites.sh" <<'SCRIPT'
#!/bin/bash
# Compiles the suites that it is told, $1 at a time, and links them with the objects of the module $2; stops at the first that fails.
mapfile -t flags <flags
flags+=(-O1 -w -D_POSIX_C_SOURCE=200809L -Imbedtls/tests -Imbedtls/tests/include -Imbedtls/framework/tests/include)
link_flags=(-O1 -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=1MB -sENVIRONMENT=node -sNODERAWFS -sEXIT_RUNTIME -sDEFAULT_TO_CXX=0
  -Wl,--wrap=mbedtls_ssl_setup)
number=0
in_turn() {
  [ "$number" -lt "$jobs" ] || wait -n || exit 1
  number=$((number + 1))
  "$@" &
}
all_done() { while [ -n "$(jobs -rp)" ]; do wait -n || exit 1; done; }
program() { emcc -c "suites/test_suite_$1.c" -o "suites/$1.o" "${flags[@]}" && emcc "suites/$1.o" helpers.a module.a -o "suites/$1.cjs" "${link_flags[@]}"; }

jobs=$1 module=$2
shift 2
trace=$(awk '/^wasm.trace.c$/ { print NR - 1 }' sources) # host.c has its functions
emar rcs module.a $(grep -vx "$trace" "$module.objects" | sed 's|.*|objects/&.o|') || exit 1
for file in helpers/host.c mbedtls/framework/tests/src/*.c mbedtls/tests/src/*.c mbedtls/tests/src/test_helpers/*.c; do
  name=$(basename "$file" .c)
  [ "$name" = fake_external_rng_for_test ] || in_turn emcc -c "$file" -o "helpers/$name.o" "${flags[@]}" # likewise
done
all_done
emar rcs helpers.a helpers/*.o || exit 1
number=0
for name in "$@"; do in_turn program "$name"; done
all_done
SCRIPT
echo "suites: compiling $#" >&2
run bash compile-suites.sh "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" "$module" "$@"

rm -rf "$output"
mkdir -p "$output/tests" "$output/framework"
cp -r "$work/mbedtls/framework/data_files" "$output/framework/"
for name in "$@"; do
  cp "$work/suites/$name.cjs" "$work/suites/$name.wasm" "$output/tests/"
  cp "$work/suites/test_suite_$name.datax" "$output/tests/$name.datax"
done
