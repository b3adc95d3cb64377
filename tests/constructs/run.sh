#!/usr/bin/env bash
# Every construct that compilers put into functions, patched live or refused:
# tests/constructs/run.sh [PART_OF_A_NAME]
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
choose_windows_toolchain
find_mingw_cxx
export HOTPATCH_MINGW_GCC=$mingw_gcc
tests/wine/run.sh --prepare
"${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
tests/constructs/rust.sh target/constructs-rust
export HOTPATCH_RUST=$root/target/constructs-rust
HOTPATCH_EXE=$root/target/x86_64-pc-windows-gnu/debug/hotpatch.exe HOTPATCH_CONSTRUCT=${1:-} \
    "${native_cargo[@]}" test --locked --test constructs -- --nocapture
