#!/usr/bin/env bash
# Builds real libraries before and after each security fix, and lets the oracle judge what
# `hotpatch diff` says of every pair:  tests/real/run.sh [--short]
#
# With --short only the last fixes of expat and libpng in one release and OpenSSL's assembler
# code relinked, for CI. Without it, everything, libcrypto 3.5.1 and 3.5.2 among it;
# tests/real/pairs.sh has the options. The table goes to standard output.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
folder=target/real
if [ "${1:-}" = --short ]; then
    folder=target/real-short
    export HOTPATCH_REAL_SUITES=bookworm HOTPATCH_REAL_LIBRARIES='expat libpng1.6'
    export HOTPATCH_REAL_LEVELS=-O2 HOTPATCH_REAL_LAST=4
elif [ $# != 0 ]; then
    die "usage: tests/real/run.sh [--short]"
fi
tests/real/pairs.sh "$folder"
if [ "${1:-}" = --short ] && [ "$(wc -l <"$folder/pairs.txt")" -lt 5 ]; then
    die "only $(wc -l <"$folder/pairs.txt") pairs: the packages have changed, choose others in tests/real/run.sh"
fi
tests/real/libcrypto.sh "$folder" ${1:+--assembler}
step "hotpatch diff and the oracle"
HOTPATCH_REAL=$root/$folder "${native_cargo[@]}" test --locked --test real -- --nocapture
