#!/usr/bin/env bash
# Every kind of wrong answer that was ever found, judged, and run under Wine:
# tests/kinds/run.sh [PART_OF_A_NAME]
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
choose_windows_toolchain
tests/wine/run.sh --prepare
"${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
HOTPATCH_EXE=$root/target/x86_64-pc-windows-gnu/debug/hotpatch.exe HOTPATCH_KIND=${1:-} \
    HOTPATCH_KINDS_RUN=1 "${native_cargo[@]}" test --locked --test kinds -- --nocapture
