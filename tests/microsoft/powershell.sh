#!/usr/bin/env bash
# A running PowerShell is patched:  tests/microsoft/powershell.sh [--cycles N] PWSH
#
# .NET compresses and decompresses (powershell.ps1) while Microsoft's fix of its Brotli decoder
# is applied, verified and reverted N times (5), and while all functions of its compression
# library are moved. Whatever is asked for in between, the answers are those of an untouched
# process, there is one digest from first to last, and kept memory does not pile up. The
# figures go to standard output.
#
# On demand: PWSH is a PowerShell 7 for Windows with .NET 10.0.12, of which fixtures/microsoft
# has the library. It is either pwsh.exe, or a command that runs one under Wine in the prefix
# of $WINEPREFIX. It needs its compiler (Add-Type).
#
#   HOTPATCH_EXE  the Windows build; without it, it is built
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
usage='usage: tests/microsoft/powershell.sh [--cycles N] PWSH'
cycles=5
if [ "${1:-}" = --cycles ]; then
    [ $# -ge 2 ] || die "$usage"
    cycles=$2
    shift 2
fi
[ $# = 1 ] || die "$usage"
[[ $cycles =~ ^[1-9][0-9]*$ ]] || die "$usage"
pwsh=$(command -v "$1") || die "there is no $1"
pwsh=$(readlink -f "$pwsh")
cd "$root"
need xz=xz-utils jq=jq script=bsdutils
need_wine
choose_native_toolchain
"${native_cargo[@]}" build --locked --bin hotpatch
native=$(readlink -f "${CARGO_TARGET_DIR:-target}/debug/hotpatch")
if [ -z "${HOTPATCH_EXE:-}" ]; then
    choose_windows_toolchain
    "${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
    HOTPATCH_EXE=$root/target/x86_64-pc-windows-gnu/debug/hotpatch.exe
fi
export WINEPREFIX=${HOTPATCH_WINEPREFIX:-$root/target/wine-prefix}
releases=$root/target/microsoft
work=$releases/powershell
name=System.IO.Compression.Native.dll
old=$releases/compression-10.0.12/$name
new=$releases/compression-10.0.14/$name
rm -rf "$work"
mkdir -p "$work"
tar -xJf fixtures/microsoft/compression.tar.xz -C "$releases"
(cd "$releases" && sha256sum --quiet --check "$root/fixtures/microsoft/SHA256SUMS")
tests/wine/run.sh --prepare

fail() { # WHAT
    [ ! -s "$work/pwsh.log" ] || head -n 20 "$work/pwsh.log" >&2
    die "$*"
}

# --- PowerShell -------------------------------------------------------------------------

windows_path() { printf 'Z:%s' "${1//\//\\}"; }

# Runs PowerShell in this place; its streams go to a file.
run_pwsh() {
    local command=("$pwsh")
    # Threads of the pool end after half a second without work.
    export DOTNET_ThreadPool_ThreadTimeoutMs=500
    if [[ $pwsh == *.exe ]]; then
        # Wine 8 ends .NET where code is mapped twice; PowerShell wants a console.
        export DOTNET_EnableWriteXorExecute=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
        export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
        command=("$root/tests/wine/run.sh" "$pwsh")
    fi
    local line
    line=$(printf '%q ' "${command[@]}" -NoProfile -NonInteractive -File \
        "$(windows_path "$root/tests/microsoft/powershell.ps1")" "$(windows_path "$work")")
    exec script -qec "exec $line" "$work/pwsh.log" </dev/null >/dev/null 2>&1
}

# Waits for the answer; prints it.
answer() {
    local tries
    for ((tries = 0; tries < 12000; tries++)); do
        if [ -e "$work/answer" ]; then
            tr -d '\r' <"$work/answer"
            rm "$work/answer"
            return
        fi
        kill -0 "$shell" 2>/dev/null || fail "PowerShell has ended"
        sleep 0.02
    done
    fail "PowerShell does not answer"
}

ask() { # REQUEST
    printf '%s\n' "$1" >"$work/request.new"
    mv "$work/request.new" "$work/request"
    answer
}

expect() { # REQUEST ANSWER
    local said
    said=$(ask "$1")
    [ "$said" = "$2" ] || fail "PowerShell was asked '$1' and said '$said', not '$2'"
}

# --- hotpatch ---------------------------------------------------------------------------

# Runs it, and notes its report, which must have this exit code.
hotpatch() { # EXIT-CODE ARGUMENT...
    local wanted=$1 status=0
    shift
    (cd "$work" && HOTPATCH_AUDIT=$work/audit.jsonl "$root/tests/wine/run.sh" "$HOTPATCH_EXE" \
        --format json "$@") >"$work/report.json" 2>"$work/errors" || status=$?
    [ "$status" = "$wanted" ] || {
        head -c 3000 "$work/report.json" "$work/errors" >&2
        fail "hotpatch $1 ended with exit code $status where $wanted was expected"
    }
}

report() { jq -r "$1" "$work/report.json"; } # FILTER

# What came of it goes to a file of its own: frozen time, threads, attempts.
note_figures() { # FILE
    report '[.frozen_us, .threads, .attempts, .bytes_allocated] | @tsv' >>"$work/$1.tsv"
}

apply() { # ID
    hotpatch 0 apply --pid "$process" "$1.hpk" --key key.pem --timeout 300
    note_figures "apply-$1"
}

revert() { # ID
    hotpatch 0 revert --pid "$process" --id "$1" --timeout 300
    note_figures "revert-$1"
    report '.findings[] | select(.code == "HP518") | .detail' >>"$work/kept.txt"
}

# These packages are in effect, and nothing else: memory that had to be kept is proven as well.
verify() { # ID...
    hotpatch 0 verify --pid "$process" "${@/%/.hpk}" --kept FIX.hpk --kept MOVE.hpk --key key.pem
    [ "$(report .outcome)" = proven ] || fail "verify says $(report .outcome)"
    [ "$(report '.modules | length')" = 1 ] || fail 'verify has compared another module'
}

# No patch is left, and memory that had to be kept does not pile up.
check_left() {
    local kept most
    hotpatch 0 status --pid "$process"
    [ "$(report '[.processes[].patches[]] | length')" = 0 ] || fail "a patch is left"
    kept=$(report '[.processes[].kept[]] | length')
    printf '%s\n' "$kept" >>"$work/kept.tsv"
    most=$(report '[.processes[].kept[]] | group_by(.package_sha256) | map(length) | max // 0')
    [ "$most" -le 1 ] || fail "memory is kept $kept times: $(report '.processes | tostring')"
}

# Minimum, median and maximum of a column.
spread() { # FILE COLUMN DIVISOR
    cut -f "$2" "$work/$1.tsv" | sort -n | awk -v by="$3" '{ v[NR] = $1 / by }
        END { printf "%.1f / %.1f / %.1f", v[1], v[int((NR + 1) / 2)], v[NR] }'
}

figures() { # FILE WHAT
    printf '%s | %s | %s ms | %s | %s\n' "$2" "$(wc -l <"$work/$1.tsv")" \
        "$(spread "$1" 1 1000)" "$(spread "$1" 2 1)" "$(spread "$1" 3 1)"
}

# --- The test ---------------------------------------------------------------------------

build() { # OLD NEW ID OPTION...
    "$native" build "$1" "$2" --id "$3" --key "$work/key.pem" -o "$work/$3.hpk" --format json \
        "${@:4}" >"$work/report.json" || fail "no package $3"
    report '.functions | length'
}

step "Packages"
"$native" keygen -o "$work/key.pem" >&2
fixed=$(build "$old" "$new" FIX)
moved=$(build "$old" "$old" MOVE --all-functions)

step "PowerShell"
run_pwsh &
shell=$!
# It would run on without its console.
trap 'touch "$work/end"; kill "$shell" 2>/dev/null || true' EXIT
said=$(answer)
read -r process version hash <<<"$said"
[[ $process =~ ^[0-9]+$ ]] || fail "PowerShell says: $said"
wanted=$(sha256sum <"$old" | cut -d ' ' -f 1)
[ "$hash" = "$wanted" ] || die "this PowerShell has .NET $version, whose $name is another one
   than that of .NET 10.0.12, which fixtures/microsoft has: nothing can be said with it"
note "process $process, .NET $version"
first=$(ask state)
[[ $first == *' 0 wrong' ]] || fail "untouched, PowerShell says: $first"
old_version=$(ask version)
memory=$(ask memory)

step "The fix, $cycles times"
for ((cycle = 1; cycle <= cycles; cycle++)); do
    expect begin begun
    apply FIX
    expect end '8 of 8 right'
    expect state "$first"
    if [ "$cycle" = 1 ]; then
        new_version=$(ask version)
        [ "$new_version" != "$old_version" ] || fail "the version is still $old_version"
        expect endless InvalidOperationException
        settled=$(ask memory)
    fi
    [ $((cycle % 10)) != 1 ] || verify FIX
    expect begin begun
    revert FIX
    expect end '8 of 8 right'
    expect version "$old_version"
    expect state "$first"
    check_left
    [ $((cycle % 10)) != 1 ] || verify
done

step "All $moved functions"
# Who waits in managed code that the library has called is inside of the library. What calls
# managed code can't be walked, so that a word on the stack is all that tells.
holder=$(ask hold)
hotpatch 7 apply --pid "$process" MOVE.hpk --key key.pem --timeout 1
[ "$(report ".blocked_by[] | select(.thread == $holder and .function == \"BrotliDecoderDecompressStream\") | .seen")" = unwalked-stack ] ||
    fail "thread $holder is not named: $(report '.blocked_by | tostring')"
expect release right
for _ in 1 2; do
    expect begin begun
    apply MOVE
    verify MOVE
    expect end '8 of 8 right'
    expect state "$first"
    expect begin begun
    revert MOVE
    expect end '8 of 8 right'
    expect state "$first"
    check_left
    verify
done

step "The end"
left=$(ask memory)
expect state "$first"
load=$(ask figures)
expect stop stopped

printf 'what | times | frozen, least / median / most | threads | attempts\n'
printf -- '--- | --: | --: | --: | --:\n'
figures apply-FIX "apply the fix of $fixed functions"
figures revert-FIX 'revert it'
figures apply-MOVE "move $moved functions"
figures revert-MOVE 'move them back'
printf '\nmemory untouched: %s\nafter one apply:  %s\nin the end:       %s\n' \
    "$memory" "$settled" "$left"
printf 'memory was kept by %s of %s reverts, at once (least / median / most): %s\n' \
    "$(grep -c . "$work/kept.txt" || true)" "$(cat "$work"/revert-*.tsv | wc -l)" \
    "$(spread kept 1 1)"
printf 'load: %s; digest %s\n' "$load" "$first"
