#!/usr/bin/env bash
# Programs that make patching hard:  tests/hostile/run.sh [PART_OF_A_NAME]
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
folder=target/hostile
choose_native_toolchain
choose_windows_toolchain
find_mingw_cxx
need_wine

step "Program, library and patches"
"${native_cargo[@]}" build --locked --bin hotpatch
hotpatch=${CARGO_TARGET_DIR:-target}/debug/hotpatch
mkdir -p "$folder"
[ -e "$folder/key.pem" ] || "$hotpatch" keygen --out "$folder/key.pem" >&2
compile() { # COMPILER OPTION...
    "$llvm/$1" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O2 -g -gcodeview \
        -Wall -Wextra -Werror -Wl,--no-insert-timestamp "${@:2}"
}
for fix in 0 1; do
    out=$folder/$fix
    mkdir -p "$out"
    compile clang++ -static "${mingw_cxx[@]}" -fms-extensions -std=c++20 -DFIX="$fix" tests/hostile/target.cpp \
        -o "$out/hostile.exe" -Wl,--pdb="$out/hostile.pdb"
    compile clang -shared -DFIX="$fix" tests/hostile/plug.c \
        -o "$out/plug.dll" -Wl,--pdb="$out/plug.pdb"
done
for image in hostile.exe plug.dll; do
    "$hotpatch" build "$folder/0/$image" "$folder/1/$image" --key "$folder/key.pem" \
        --id "$image" -o "$folder/$image.hpk" >"$folder/$image.txt" ||
        { cat "$folder/$image.txt"; exit 1; }
done

step "Hostile targets (under Wine)"
tests/wine/run.sh --prepare
HOTPATCH_HOSTILE=$root/$folder "${windows_cargo[@]}" test --locked --test hostile \
    "${windows_args[@]}" -- --nocapture ${1:+"$1"}
