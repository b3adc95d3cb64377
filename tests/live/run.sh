#!/usr/bin/env bash
# Real security fixes, applied to running processes:  tests/live/run.sh [--short]
#
# A process that uses the vulnerable library shows the vulnerability, is patched, shows the
# fix, is reverted, and shows the vulnerability again. With --short one fix of each library,
# for CI. Two of them change the layout of a type, and are applied as examples/layout rewrites
# them. The libraries come from tests/real/pairs.sh; the table goes to standard output.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
export HOTPATCH_REAL_SUITES='bookworm bullseye' HOTPATCH_REAL_LEVELS=${HOTPATCH_REAL_LEVELS:--O2}
export HOTPATCH_REAL_PATCHES='Protect-against-malicious|missing-validation|CVE-2024-45490|CVE-2024-50602'
HOTPATCH_REAL_PATCHES+='|CVE-2025-6450[56]|CVE-2026-34757|extra-field|expat-2.5.0-CVE-2023-52425|crash-deflate'
export HOTPATCH_REAL_REWRITTEN=$root/examples/layout
folder=target/live
case ${1:-} in
--short)
    export HOTPATCH_LIVE_ONLY='CVE-2022-25236 CVE-2022-37434 CVE-2026-34757 CVE-2023-52425 CVE-2018-25032'
    export HOTPATCH_REAL_PATCHES='Protect-against-malicious|CVE-2026-34757|extra-field'
    HOTPATCH_REAL_PATCHES+='|expat-2.5.0-CVE-2023-52425|crash-deflate'
    folder=target/live-short
    ;;
'') ;;
*) die "usage: tests/live/run.sh [--short]" ;;
esac

llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
choose_windows_toolchain
need_wine
tests/real/pairs.sh "$folder"

step "Programs"
mkdir -p "$folder/programs"
compile() { # OPTION... FILE...
    "$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O1 "$@"
}
headers() { # FILE: the folder of a header among the sources
    local found
    found=$(find "$folder/src" -path '*/tests' -prune -o -name "$1" -print | sort | tail -n1)
    [ -n "$found" ] || die "no $1 in $folder/src"
    dirname "$found"
}
strict=(-Wall -Wextra -Werror)
compile "${strict[@]}" -I"$(headers expat.h)" tests/live/expat.c -o "$folder/programs/expat.exe"
compile "${strict[@]}" -I"$folder/zlib-headers" tests/live/zlib.c -o "$folder/programs/zlib.exe"
compile "${strict[@]}" -I"$(dirname "$(find "$folder/src" -name pnglibconf.h | sort | tail -n1)")" \
    -I"$folder/zlib-headers" tests/live/libpng.c -o "$folder/programs/libpng1.6.exe"
compile -w -shared -DNO_FSEEKO "$folder"/zlib-tree/*.c -o "$folder/programs/hpzlib.dll"

step "Fixes (under Wine)"
tests/wine/run.sh --prepare
HOTPATCH_LIVE=$root/$folder "${windows_cargo[@]}" test --locked --test live "${windows_args[@]}" -- --nocapture
