#!/usr/bin/env bash
# Programs are generated, edited, patched and run:  tests/semantic/run.sh [--short | OPTION...]
#
#   --pairs N    how many pairs of builds (200); what an ended run judged before counts
#   --seed N     the first program (0)
#   --workers N  programs side by side (2)
#   --fresh      forgets what was judged before
#
# With --short what CI runs: some pairs, always the same. State, journal and the cases that
# were kept are in target/semantic, in a folder for each build of `hotpatch`. The figures go
# to standard output. Environment: see tests/semantic/main.rs.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
arguments=("$@")
case ${1:-} in
--short) arguments=(--pairs 64 --fresh) ;;
esac
choose_native_toolchain
need_wine
tests/wine/run.sh --prepare
if [ -z "${HOTPATCH_EXE:-}" ]; then
    choose_windows_toolchain
    "${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
    export HOTPATCH_EXE=$root/target/x86_64-pc-windows-gnu/debug/hotpatch.exe
fi
step "Edited programs (under Wine)"
"${native_cargo[@]}" test --locked --test semantic -- "${arguments[@]}"
