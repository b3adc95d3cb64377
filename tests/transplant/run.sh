#!/usr/bin/env bash
# Moves every function of real programs into a payload, at their start and in mid-run, and
# compares what they print:  tests/transplant/run.sh [--short]
#
# With --short what CI runs: each program at one level or two. The table goes to standard
# output.
#
#   HOTPATCH_TRANSPLANT_PROGRAMS  programs and levels to take instead (tests/transplant/programs.sh)
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
case ${1:-} in
--short) default='lua-O2 sqlite-O0 program-O2 program-Os example-O2 minigzip-O2 pngtest-O2' ;;
'') default='lua-O0 lua-O2 lua-Os sqlite-O0 sqlite-O2 sqlite-Os program-O0 program-O2 program-Os
    example-O0 example-O2 minigzip-O0 minigzip-O2 pngtest-O0 pngtest-O2' ;;
*) die "usage: tests/transplant/run.sh [--short]" ;;
esac
export HOTPATCH_TRANSPLANT_PROGRAMS=${HOTPATCH_TRANSPLANT_PROGRAMS:-$default}
read -ra programs <<<"${HOTPATCH_TRANSPLANT_PROGRAMS//$'\n'/ }"

choose_windows_toolchain
need_wine
export HOTPATCH_TRANSPLANT=$root/target/transplant
tests/transplant/programs.sh "$HOTPATCH_TRANSPLANT" "${programs[@]}"
step "All functions moved (under Wine)"
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --test transplant "${windows_args[@]}" -- --nocapture
