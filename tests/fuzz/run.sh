#!/usr/bin/env bash
# Fuzzes every parser with coverage feedback:  tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# Without SECONDS, as tests/run.sh does it, a run is the same every time and on every machine:
# each target gets the seeds that the fixtures give, and then a fixed number of inputs made
# from them with a fixed random seed. What earlier runs found plays no part.
#
# With SECONDS, each target runs that long, starting from the seeds and from what earlier runs
# on this machine found (target/fuzz/corpus).
#
# An input that makes a target panic, that takes longer than ten seconds, or more memory than its size justifies
# is kept in target/fuzz/crashes/TARGET and ends the run with an error. To run it again:
#
#   HOTPATCH_FUZZ_TARGET=TARGET target/fuzz/release/fuzz FILE
#
# The engine is libFuzzer, the coverage counters are LLVM's own: both work with a stable
# toolchain. A table of what was run goes to standard output.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
seconds=${1:-}
case $seconds in *[!0-9]*) die "usage: tests/fuzz/run.sh [SECONDS [TARGET...]]" ;; esac
# Inputs of a run that is the same every time.
runs=2000
shift $(($# > 0))

choose_native_toolchain
need c++=g++

step "Build of the fuzz targets"
triple=$("${native_cargo[@]}" -vV | sed -n 's/^host: //p')
out=$root/target/fuzz
# With --target, flags are for the program alone and not for what runs during the build.
coverage='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4'
coverage+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters'
coverage+=' -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares'
(cd tests/fuzz && RUSTFLAGS=$coverage CARGO_TARGET_DIR=$out \
    "${native_cargo[@]}" build --release --locked --target "$triple" >&2)
mkdir -p "$out/release"
cp "$out/$triple/release/fuzz" "$out/release/fuzz"
fuzz=$out/release/fuzz

targets=("$@")
[ $# -gt 0 ] || read -ra targets <<<"$(HOTPATCH_FUZZ_TARGET='' "$fuzz" 2>/dev/null |
    sed -n 's/^HOTPATCH_FUZZ_TARGET can be //p')"
[ "${#targets[@]}" -gt 0 ] || die "$fuzz names no targets"

if [ -n "$seconds" ]; then
    step "Fuzzing, $seconds s for each of ${#targets[@]} targets"
    limits=(-max_total_time="$seconds")
    corpora=$out/corpus
else
    step "Fuzzing, $runs inputs for each of ${#targets[@]} targets, the same every time"
    limits=(-seed=1 -runs="$runs" -reload=0)
    corpora=$(mktemp -d)
    trap 'rm -rf "$corpora"' EXIT
fi
failed=()
echo "target | seeds | executions | per second | corpus | memory (MB)"
echo "--- | --: | --: | --: | --: | --:"
for target in "${targets[@]}"; do
    seeds=$out/seeds/$target corpus=$corpora/$target crashes=$out/crashes/$target
    log=$out/$target.log
    rm -rf "$seeds" "$crashes"
    mkdir -p "$seeds" "$corpus" "$crashes"
    export HOTPATCH_FUZZ_TARGET=$target
    HOTPATCH_FUZZ_SEEDS=$seeds "$fuzz" >"$log" 2>&1 || { cat "$log" >&2; die "no seeds for $target"; }
    status=0
    "$fuzz" "${limits[@]}" -timeout=10 -rss_limit_mb=1024 -len_control=0 \
        -max_len=131072 -artifact_prefix="$crashes/" -print_final_stats=1 \
        "$corpus" "$seeds" >"$log" 2>&1 || status=$?
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    executions=$(stat number_of_executed_units)
    echo "$target | $(find "$seeds" -type f | wc -l) | ${executions:-0} |" \
        "$(stat average_exec_per_sec) | $(find "$corpus" -type f | wc -l) | $(stat peak_rss_mb)"
    if [ "$status" != 0 ] || [ -n "$(ls -A "$crashes")" ]; then
        tail -n 40 "$log" >&2
        failed+=("$target")
    elif [ "${executions:-0}" -lt 100 ]; then
        note "$target ran ${executions:-0} inputs only: that proves nothing"
        failed+=("$target")
    fi
done
[ ${#failed[@]} = 0 ] || die "failed: ${failed[*]} (inputs in $out/crashes, logs in $out)"
