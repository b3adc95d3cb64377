#!/usr/bin/env bash
# Ctrl-C before the switch, or the loss of its console, leaves the target unchanged:
# tests/apply/interrupt.sh
#
# Under Wine, Ctrl-C is SIGINT, which only a Unix program can send, and a console is a
# terminal of Unix: hence no Rust test.
# Needs both builds of hotpatch; tests/run.sh makes them before.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"

linux=${CARGO_TARGET_DIR:-target}/debug/hotpatch
windows=${CARGO_TARGET_DIR:-target}/x86_64-pc-windows-gnu/debug/hotpatch.exe
need script=bsdutils
work=$(mktemp -d)
server=
patcher=
finish() {
    [ -z "$patcher" ] || kill -9 "$patcher" 2>/dev/null || true
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

fail() {
    printf 'interrupt.sh: %s\n' "$*" >&2
    exit 1
}

# Waits until a condition holds, for at most 30 s.
eventually() { # COMMAND...
    for _ in $(seq 300); do
        "$@" && return
        sleep 0.1
    done
    fail "waited in vain for: $*"
}

"$linux" keygen -o "$work/key.pem" >/dev/null
"$linux" build fixtures/server/old/server.exe fixtures/server/new/server.exe \
    -o "$work/fix.hpk" --key "$work/key.pem" --id interrupted >/dev/null

tests/wine/run.sh fixtures/server/old/server.exe >"$work/server.log" 2>/dev/null &
server=$!
eventually grep -q '^listening' "$work/server.log"
read -r port pid < <(sed -n 's/^listening port=\([0-9]*\) pid=\([0-9]*\).*/\1 \2/p' "$work/server.log")
exec 3<>"/dev/tcp/127.0.0.1/$port" 4<>"/dev/tcp/127.0.0.1/$port"

# One connection stays inside the function to be replaced, so that apply has to wait.
printf 'DELAY 60000\nBEAT 2 hi\n' >&3
read -r -t 10 -u 3 _ || fail "the server does not answer"

HOTPATCH_FAULT='' tests/wine/run.sh "$windows" apply --pid "$pid" "$work/fix.hpk" \
    --key "$work/key.pem" --timeout 50 --format json >"$work/apply.json" 2>"$work/apply.err" &
patcher=$!
# The record is there as soon as apply waits for its moment.
pending() { tests/wine/run.sh "$windows" status --pid "$pid" --format json | grep -q '"pending"'; }
eventually pending
kill -INT "$patcher"
code=0
wait "$patcher" || code=$?
patcher=
[ "$code" = 130 ] || fail "exit code $code where 130 was expected: $(cat "$work/apply.json" "$work/apply.err")"
grep -q '"outcome": "interrupted"' "$work/apply.json" || fail "$(cat "$work/apply.json")"
tests/wine/run.sh "$windows" status --pid "$pid" --format json | grep -q '"patches": \[\]' ||
    fail "something was left in the target"
runs_old_code() {
    local answer
    printf 'VERSION\n' >&4
    read -r -t 10 -u 4 answer || fail "the server does not answer afterwards"
    [ "$answer" = "OK line-server 1.4.2" ] || fail "the server answers: $answer"
}
runs_old_code
printf 'Ctrl-C before the switch: exit code 130, the target unchanged\n'

# Its terminal goes away while it waits, and may take it along.
HOTPATCH_FAULT='' script -qfec "tests/wine/run.sh $windows apply --pid $pid $work/fix.hpk \
    --key $work/key.pem --timeout 50" "$work/console.log" </dev/null >/dev/null 2>&1 &
patcher=$!
eventually pending
kill -9 "$patcher"
wait "$patcher" 2>/dev/null || true
patcher=
# Whoever works on the target next gets it, so the one before has ended, or ends now.
recovered() { tests/wine/run.sh "$windows" recover --pid "$pid" >"$work/recover.log" 2>&1; }
eventually recovered
tests/wine/run.sh "$windows" status --pid "$pid" --format json | grep -q '"patches": \[\]' ||
    fail "something was left in the target: $(cat "$work/recover.log")"
runs_old_code
printf 'Console gone before the switch: the target unchanged\n'
