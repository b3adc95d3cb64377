#!/usr/bin/env bash
# Random sequences of everything, on one process:  tests/states/run.sh [--short | OPTION...]
#
#   --sequences N    how many sequences (100); those that an ended run did before count
#   --steps N        steps of each (30)
#   --seed N         the first sequence (0)
#   --fresh          forgets what was done before
#   --replay STEPS   does these steps and nothing else
#
# With --short what CI runs: some sequences, always the same. What was done is noted in
# target/states, in a journal for each build of `hotpatch`. The figures go to standard output.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
folder=$root/target/states
choose_native_toolchain
choose_windows_toolchain
need_wine

step "Program, library and packages"
"${native_cargo[@]}" build --locked --bin hotpatch
tests/states/build.sh "$folder"
"${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
tests/wine/run.sh --prepare

if [ "${1:-}" = --short ]; then
    set -- --found --sequences 3 --steps 20
else
    build=$(sha256sum target/x86_64-pc-windows-gnu/debug/hotpatch.exe)
    journal=$folder/journal-${build::12}
    if [ "${1:-}" = --fresh ]; then
        rm -f "$journal"
        shift
    fi
    set -- --journal "$journal" "$@"
fi
step "Sequences (under Wine)"
HOTPATCH_STATES=$folder "${windows_cargo[@]}" test --locked --test states "${windows_args[@]}" -- "$@"
