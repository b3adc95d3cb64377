#!/usr/bin/env bash
# Rebuilds answer.exe:  tests/apply/target/build.sh
#
# The binary is committed, so the tests need no compiler. It was made with Debian's
# clang 19.1.7 and lld 19; the PDB isn't kept, only its identity in the image matters.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The linker hashes the full paths of its inputs into the PDB's identity.
scratch=/tmp/hotpatch-answer
rm -rf "$scratch"
mkdir "$scratch"
trap 'rm -rf "$scratch"' EXIT
cp answer.c "$scratch"
cd "$scratch"
clang-19 --target=x86_64-w64-windows-gnu -O1 -g -gcodeview -ffreestanding -fno-stack-protector -fasynchronous-unwind-tables \
    -Wall -Wextra -Werror -Wno-incompatible-pointer-types \
    -fdebug-compilation-dir=/src -c answer.c -o answer.o
clang-19 --target=x86_64-w64-windows-gnu -nostdlib -fuse-ld=lld -Wl,--entry=start \
    -Wl,--pdb=answer.pdb -Wl,--no-insert-timestamp -Wl,--dynamicbase \
    -Wl,--subsystem,console answer.o -lkernel32 -o answer.exe
cd - >/dev/null
cp "$scratch/answer.exe" .
