#!/usr/bin/env bash
# Programs are generated, edited, patched and run:  tests/semantic/run.sh [--short | OPTION...]
#
#   --pairs N    how many pairs of builds (200); what an ended run judged before counts
#   --mutants N  mutants of real programs instead (SQLite, Lua, zlib, expat, libpng); so many
#   --seed N     the first program (0)
#   --workers N  programs side by side (2)
#   --fresh      forgets what was judged before
#
# With --short what CI runs: some pairs, always the same, and a few mutants of zlib. State,
# journals and the cases that were kept are in target/semantic, in a folder for each build
# of `hotpatch`. The figures go to standard output.
#
#   HOTPATCH_SEMANTIC_REAL  programs to take mutants of; others: tests/semantic/main.rs
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
semantic() { # OPTION...
    "${native_cargo[@]}" test --locked --test semantic -- "$@"
}
sources() { # PROGRAM...
    tests/semantic/sources.sh target/semantic/src "$@"
}
real=${HOTPATCH_SEMANTIC_REAL:-lua zlib libpng expat sqlite}
choose_native_toolchain
need_wine
# Mutants that do what C leaves undefined are caught with its checks.
need gcc=gcc
# What programs that throw are linked with.
find_mingw_cxx
tests/wine/run.sh --prepare
if [ -z "${HOTPATCH_EXE:-}" ]; then
    choose_windows_toolchain
    "${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
    export HOTPATCH_EXE=$root/target/x86_64-pc-windows-gnu/debug/hotpatch.exe
fi
if [ "${1:-}" = --short ]; then
    step "Edited programs (under Wine)"
    semantic --pairs 64 --fresh
    step "Mutants of zlib (under Wine)"
    sources zlib
    HOTPATCH_SEMANTIC_REAL=zlib semantic --mutants 8
elif [[ " $* " == *' --mutants '* ]]; then
    read -ra programs <<<"$real"
    sources "${programs[@]}"
    step "Mutants (under Wine)"
    HOTPATCH_SEMANTIC_REAL=$real semantic "$@"
else
    step "Edited programs (under Wine)"
    semantic "$@"
fi
