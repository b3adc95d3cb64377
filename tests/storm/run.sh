#!/usr/bin/env bash
# Apply and revert, over and over, on a server under load:  tests/storm/run.sh [--short]
#
# A TCP server with 64 threads is patched, its patch replaced, rolled back and reverted
# while 64 clients check every byte of every reply; then it is looked at for leaks. 10,000
# cycles, or with --short some, for CI. The figures go to standard output.
#
#   HOTPATCH_STORM_CYCLES   another number of cycles
#   HOTPATCH_STORM_MINUTES  ends it after so many minutes, whatever has been done
#   HOTPATCH_STORM_PAUSE    milliseconds between two requests of a client (20)
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
cycles=10000
case ${1:-} in
--short) cycles=40 ;;
'') ;;
*) die "usage: tests/storm/run.sh [--short]" ;;
esac
export HOTPATCH_STORM_CYCLES=${HOTPATCH_STORM_CYCLES:-$cycles}
choose_windows_toolchain
need_wine
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --test storm "${windows_args[@]}"
