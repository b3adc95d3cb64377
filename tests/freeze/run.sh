#!/usr/bin/env bash
# How long a process stands still when it is patched:  tests/freeze/run.sh [--short]
#
# Compares the frozen time of an apply with the floor: freezing the same process, reading
# every thread's registers and live stack once, and thawing it. For 1, 16, 64 and 256
# threads and 1, 100 and 1,000 functions; with --short some of these. The table goes to
# standard output.
#
#   HOTPATCH_FREEZE_ROUNDS  measurements of each; minimum and median count
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
export HOTPATCH_FREEZE_THREADS='1 16 64 256' HOTPATCH_FREEZE_FUNCTIONS='1 100 1000'
rounds=15
case ${1:-} in
--short) HOTPATCH_FREEZE_THREADS='1 16' HOTPATCH_FREEZE_FUNCTIONS='1 1000' rounds=3 ;;
'') ;;
*) die "usage: tests/freeze/run.sh [--short]" ;;
esac
export HOTPATCH_FREEZE_ROUNDS=${HOTPATCH_FREEZE_ROUNDS:-$rounds}
choose_windows_toolchain
need_wine
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --test freeze "${windows_args[@]}"
