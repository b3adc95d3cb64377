#!/usr/bin/env bash
# Builds the server of the storm and its two patches:  tests/storm/build.sh FOLDER
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# = 1 ] || die "usage: tests/storm/build.sh FOLDER"
folder=$1
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
hotpatch=$root/${CARGO_TARGET_DIR:-target}/debug/hotpatch

mkdir -p "$folder"
[ -e "$folder/key.pem" ] || "$hotpatch" keygen --out "$folder/key.pem" >&2
for fix in 0 1 2; do
    mkdir -p "$folder/$fix"
    "$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O2 -g -gcodeview \
        -Wall -Wextra -Werror -DFIX="$fix" "$root/tests/storm/target/server.c" \
        -o "$folder/$fix/server.exe" -Wl,--pdb="$folder/$fix/server.pdb" \
        -Wl,--no-insert-timestamp -lws2_32
    [ "$fix" = 0 ] && continue
    "$hotpatch" build "$folder/0/server.exe" "$folder/$fix/server.exe" --key "$folder/key.pem" \
        --id "storm-$fix" --sequence "$fix" -o "$folder/$fix.hpk" >&2
done
