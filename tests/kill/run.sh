#!/usr/bin/env bash
# hotpatch dies at every step, and the server at any time:  tests/kill/run.sh [--short]
#
# Every operation is killed at every fault point that it passes (100 times per point, or
# with --short once per place, for CI), then at random times from outside, and while it calls
# into the server; then servers end while they are patched. After each death the server is
# looked at from outside.
#
#   HOTPATCH_KILLS         kills per fault point
#   HOTPATCH_HANGS         hangs per fault point that is passed while the server stands still
#   HOTPATCH_RANDOM_KILLS  kills at random times
#   HOTPATCH_CALL_KILLS    kills while calls are made
#   HOTPATCH_EXITS         servers that end
#   HOTPATCH_KILL_ONLY     matrix, hangs, random, calls or exits
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
numbers=(100 500 200 300 100)
case ${1:-} in
--short) numbers=(1 8 8 40 1) ;;
'') ;;
*) die "usage: tests/kill/run.sh [--short]" ;;
esac
export HOTPATCH_KILLS=${HOTPATCH_KILLS:-${numbers[0]}}
export HOTPATCH_RANDOM_KILLS=${HOTPATCH_RANDOM_KILLS:-${numbers[1]}}
export HOTPATCH_EXITS=${HOTPATCH_EXITS:-${numbers[2]}}
export HOTPATCH_CALL_KILLS=${HOTPATCH_CALL_KILLS:-${numbers[3]}}
export HOTPATCH_HANGS=${HOTPATCH_HANGS:-${numbers[4]}}
choose_windows_toolchain
need_wine
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --test kill "${windows_args[@]}"
