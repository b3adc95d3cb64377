#!/usr/bin/env bash
# Builds the program of the state machine and all its packages:  tests/states/build.sh FOLDER
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# = 1 ] || die "usage: tests/states/build.sh FOLDER"
folder=$1
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
hotpatch=$root/${CARGO_TARGET_DIR:-target}/debug/hotpatch
sources=$root/tests/states/target

mkdir -p "$folder"
[ -e "$folder/key.pem" ] || "$hotpatch" keygen --out "$folder/key.pem" >&2

compile() { # FOLDER IMAGE OPTION...
    local out=$1 image=$2 options=()
    mkdir -p "$out"
    case $image in
    states.exe) options=("$sources/states.c" "$sources/parts.c") ;;
    plug.dll) options=(-shared "$sources/plug.c") ;;
    esac
    "$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -Os -g -gcodeview \
        -Wall -Wextra -Werror "${options[@]}" "${@:3}" -o "$out/$image" \
        -Wl,--pdb="$out/${image%.*}.pdb" -Wl,--no-insert-timestamp
}

compile "$folder/0" states.exe
compile "$folder/0" plug.dll
while read -r id image product sequence requires supersedes functions; do
    [[ $id == '' || $id == '#'* ]] && continue
    case $image in exe) image=states.exe ;; dll) image=plug.dll ;; esac
    IFS=, read -ra defines <<<"$functions"
    compile "$folder/$id" "$image" "${defines[@]/#/-DV_}"
    options=(--id "$id" --sequence "$sequence")
    [ "$product" = - ] || options+=(--product "$product")
    IFS=, read -ra ids <<<"$requires"
    [ "$requires" = - ] || for other in "${ids[@]}"; do options+=(--requires "$other"); done
    IFS=, read -ra ids <<<"$supersedes"
    [ "$supersedes" = - ] || for other in "${ids[@]}"; do options+=(--supersedes "$other"); done
    "$hotpatch" build "$folder/0/$image" "$folder/$id/$image" --key "$folder/key.pem" \
        "${options[@]}" -o "$folder/$id.hpk" >"$folder/$id.txt" ||
        { cat "$folder/$id.txt" >&2; exit 1; }
done <"$root/tests/states/packages.txt"
