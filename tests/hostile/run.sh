#!/usr/bin/env bash
# Programs that make patching hard:  tests/hostile/run.sh [PART_OF_A_NAME]
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_windows_toolchain
need_wine
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --test hostile "${windows_args[@]}" -- --nocapture ${1:+"$1"}
