#!/usr/bin/env bash
# Measures what hotpatch costs, beside floors of the same run:  tests/bench/run.sh
#
# Lua and SQLite are built twice, the second time with one function edited. Needs an idle
# machine to mean anything, and some minutes. The table goes to standard output.
#
#   HOTPATCH_BENCH_XL     another pair, as a folder with `old` and `new`, for the first rows
#   HOTPATCH_BENCH_SIZES  thousands of functions of the programs that grow ("5 10 20 40")
#   HOTPATCH_BENCH_RUNS   runs, of which the best counts (5)
#   HOTPATCH_EXE          the Windows build, for its size
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
need openssl=openssl zstd=zstd bsdiff=bsdiff x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
pairs=$root/target/bench
sources=$root/target/semantic/src
tests/semantic/sources.sh "$sources" lua sqlite

build() { # NAME SIDE EDIT SOURCE...
    local folder=$pairs/$1/$2 edit=$3
    [ ! -e "$folder/$1.exe" ] || return 0
    mkdir -p "$folder/src"
    cp "${@:4}" "$folder/src/"
    [ "$2" = old ] || sed -i "$edit" "$folder"/src/*.c
    (cd "$folder/src" && "$llvm/clang" --target=x86_64-w64-windows-gnu -O2 -g -gcodeview -w \
        -fuse-ld=lld -Wl,--pdb=../"$1.pdb" ./*.c -o "../$1.exe")
}
step "Pairs"
mapfile -t lua < <(find "$sources/lua/src" -name '*.[ch]' ! -name luac.c)
mapfile -t sqlite < <(find "$sources/sqlite/one" -maxdepth 1 -name 'sqlite3*.h' -o -name sqlite3.c -o -name shell.c)
for side in old new; do
    build lua "$side" 's/too many results to unpack/too many results/' "${lua[@]}"
    build sqlite "$side" 's/not authorized to use function: /may not use function: /' "${sqlite[@]}"
done

step "Table"
HOTPATCH_BENCH_PAIRS=$pairs "${native_cargo[@]}" test --release --locked --test bench
