#!/usr/bin/env bash
# What Microsoft ships:  tests/microsoft/run.sh [FOLDER]
#
# Compares consecutive releases that Microsoft built, and applies one of its fixes to a
# running program under Wine. The releases are those of fixtures/microsoft; FOLDER (or
# HOTPATCH_MICROSOFT) has more of them, a folder for each release: NAME-VERSION with an image
# and its PDB. The table goes to standard output. With a PowerShell for Windows,
# tests/microsoft/powershell.sh does the same to a .NET process under load, on demand.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
[ $# -le 1 ] || die "usage: tests/microsoft/run.sh [FOLDER]"
more=${1:-${HOTPATCH_MICROSOFT:-}}
need xz=xz-utils
need_wine
choose_native_toolchain
choose_windows_toolchain
folder=$root/target/microsoft
mkdir -p "$folder"
tar -xJf fixtures/microsoft/compression.tar.xz -C "$folder"
(cd "$folder" && sha256sum --quiet --check "$root/fixtures/microsoft/SHA256SUMS")

step "Releases"
HOTPATCH_MICROSOFT=$folder HOTPATCH_MICROSOFT_MORE=$more \
    "${native_cargo[@]}" test --locked --test releases -- --nocapture

step "A fix of Microsoft's own, live (under Wine)"
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
"$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O1 -Wall -Wextra -Werror \
    tests/microsoft/brotli.c -o "$folder/brotli.exe"
tests/wine/run.sh --prepare
HOTPATCH_MICROSOFT=$folder "${windows_cargo[@]}" test --locked --test microsoft "${windows_args[@]}" -- --nocapture --test-threads=1
