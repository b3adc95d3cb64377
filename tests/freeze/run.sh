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
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
folder=target/freeze
choose_native_toolchain
choose_windows_toolchain
need_wine

step "Program and patches"
"${native_cargo[@]}" build --locked --bin hotpatch
hotpatch=${CARGO_TARGET_DIR:-target}/debug/hotpatch
mkdir -p "$folder"
[ -e "$folder/key.pem" ] || "$hotpatch" keygen --out "$folder/key.pem" >&2
{
    for i in $(seq 0 999); do printf 'FUNCTION(%d)\n' "$i"; done
    printf 'int (*const volatile functions[])(int) = {\n'
    for i in $(seq 0 999); do printf 'f%d,\n' "$i"; done
    printf '};\n'
} >"$folder/functions.h"
for changed in 0 1 100 1000; do
    mkdir -p "$folder/$changed"
    "$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O2 -g -gcodeview \
        -Wall -Wextra -Werror -DCHANGED="$changed" -I"$folder" tests/freeze/threads.c \
        -o "$folder/$changed/threads.exe" -Wl,--pdb="$folder/$changed/threads.pdb" \
        -Wl,--no-insert-timestamp
    [ "$changed" = 0 ] && continue
    "$hotpatch" build "$folder/0/threads.exe" "$folder/$changed/threads.exe" \
        --key "$folder/key.pem" --id "$changed" -o "$folder/$changed.hpk" >"$folder/$changed.txt" ||
        { cat "$folder/$changed.txt"; exit 1; }
done

step "Frozen time (under Wine)"
tests/wine/run.sh --prepare
HOTPATCH_FREEZE=$root/$folder "${windows_cargo[@]}" test --locked --test freeze "${windows_args[@]}"
