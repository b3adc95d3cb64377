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
#   HOTPATCH_FUZZ_TARGET=TARGET target/fuzz/release/fuzz FILE     (short/fuzz without SECONDS)
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

# Optimising takes longer than so few inputs take without it.
[ -n "$seconds" ] && profile=release || profile=short
step "Build of the fuzz targets"
triple=$("${native_cargo[@]}" -vV | sed -n 's/^host: //p')
out=$root/target/fuzz
# With --target, flags are for the program alone and not for what runs during the build.
coverage='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4'
coverage+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters'
coverage+=' -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares'
(cd tests/fuzz && RUSTFLAGS=$coverage CARGO_TARGET_DIR=$out \
    "${native_cargo[@]}" build --profile "$profile" --locked --target "$triple" >&2)
mkdir -p "$out/$profile"
cp "$out/$triple/$profile/fuzz" "$out/$profile/fuzz"
fuzz=$out/$profile/fuzz

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
# Fuzzes one target; leaves its row of the table, and a file where it failed.
fuzz_one() {
    local target=$1 seeds=$out/seeds/$1 corpus=$corpora/$1 crashes=$out/crashes/$1
    local log=$out/$1.log status=0 executions
    rm -rf "$seeds" "$crashes" "$out/$target.row" "$out/$target.failed"
    mkdir -p "$seeds" "$corpus" "$crashes"
    export HOTPATCH_FUZZ_TARGET=$target
    HOTPATCH_FUZZ_SEEDS=$seeds "$fuzz" >"$log" 2>&1 || {
        note "no seeds for $target"
        cp "$log" "$out/$target.failed"
        return
    }
    "$fuzz" "${limits[@]}" -timeout=10 -rss_limit_mb=1024 -len_control=0 \
        -max_len=131072 -artifact_prefix="$crashes/" -print_final_stats=1 \
        "$corpus" "$seeds" >"$log" 2>&1 || status=$?
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    executions=$(stat number_of_executed_units)
    echo "$target | $(find "$seeds" -type f | wc -l) | ${executions:-0} |" \
        "$(stat average_exec_per_sec) | $(find "$corpus" -type f | wc -l) |" \
        "$(stat peak_rss_mb)" >"$out/$target.row"
    if [ "$status" != 0 ] || [ -n "$(ls -A "$crashes")" ]; then
        cp "$log" "$out/$target.failed"
    elif [ "${executions:-0}" -lt 100 ]; then
        echo "ran ${executions:-0} inputs only: that proves nothing" >"$out/$target.failed"
    fi
}

workers=$(nproc)
for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$workers" ]; do wait -n; done
    fuzz_one "$target" &
done
wait

failed=()
echo "target | seeds | executions | per second | corpus | memory (MB)"
echo "--- | --: | --: | --: | --: | --:"
for target in "${targets[@]}"; do
    [ ! -e "$out/$target.row" ] || cat "$out/$target.row"
    if [ -e "$out/$target.failed" ] || [ ! -e "$out/$target.row" ]; then
        [ ! -e "$out/$target.failed" ] || tail -n 40 "$out/$target.failed" >&2
        failed+=("$target")
    fi
done
[ ${#failed[@]} = 0 ] || die "failed: ${failed[*]} (inputs in $out/crashes, logs in $out)"
