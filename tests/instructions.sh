#!/usr/bin/env bash
# Guards against slow returns:  tests/instructions.sh [--record]
#
# Counts the instructions that `diff` takes for two of Microsoft's own releases, with callgrind,
# and compares them with the committed figure of the same compiler (tests/instructions.txt). A
# count is the same on a busy machine and on an idle one; a tenth more or less ends with exit
# code 1. A compiler of which no figure is committed judges nothing, and says so.
#
#   --record  writes the figure of this compiler down, instead of comparing
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
need valgrind=valgrind xz=xz-utils
choose_native_toolchain
figures=tests/instructions.txt
work=$root/target/instructions
mkdir -p "$work"
tar -xJf fixtures/microsoft/compression.tar.xz -C "$work"
"${native_cargo[@]}" build --locked --bin hotpatch
compiler=$("${native_cargo[@]}" --version)
image=System.IO.Compression.Native.dll
valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out" --log-file="$work/log" \
    "${CARGO_TARGET_DIR:-target}/debug/hotpatch" diff \
    "$work/compression-10.0.12/$image" "$work/compression-10.0.14/$image" >"$work/report.txt"
count=$(sed -n 's/.*Collected : //p' "$work/log")
[ -n "$count" ] || die "callgrind counted nothing: $(tail -n 3 "$work/log")"
if [ "${1:-}" = --record ]; then
    touch "$figures"
    { grep -vF "$compiler: " "$figures" || true; echo "$compiler: $count"; } | sort >"$work/figures"
    cp "$work/figures" "$figures"
    note "$compiler: $count instructions, recorded"
    exit 0
fi
known=$(sed -n "s/^$(printf '%s' "$compiler" | sed 's/[].[*^$/]/\\&/g'): //p" "$figures")
if [ -z "$known" ]; then
    note "NOT JUDGED: $count instructions, and $figures has no figure of $compiler"
    exit 0
fi
percent=$((count * 1000 / known - 1000))
note "$(printf '%d instructions, %d recorded: %+d.%d %%' "$count" "$known" $((percent / 10)) $((percent < 0 ? -percent % 10 : percent % 10)))"
[ "${percent#-}" -le 100 ] ||
    die "that is more than a tenth; find out why, and record the new figure where it is meant: tests/instructions.sh --record"
