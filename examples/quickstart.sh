#!/usr/bin/env bash
# hotpatch in one command, from a bare clone:  examples/quickstart.sh
#
# Builds hotpatch for Linux and for Windows, starts a Windows server with a memory
# disclosure under Wine, connects one client, and fixes the server while that client
# stays connected; then takes the fix out again. Every step checks what it shows: the
# script ends with exit code 0 only if all of it happened.
#
# It says what it installs (apt-get, through sudo for ordinary users: a cross linker, Wine,
# and a Rust toolchain for Windows where rustup cannot add one). Everything else stays in
# target/. On Windows itself use examples/quickstart.ps1.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tests/lib.sh"
cd "$root"

if [ -t 1 ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

work=target/quickstart
old=fixtures/server/old/server.exe
new=fixtures/server/new/server.exe
server_process=

chapter() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }
tell() { printf '  %s\n' "$@"; }
proven() { printf '  %sok%s %s\n' "$green" "$plain" "$*"; }

fail() {
    printf '\n  %squickstart failed:%s %s\n' "$red" "$plain" "$*" >&2
    exit 1
}

finish() {
    local status=$?
    if [ -n "$server_process" ]; then
        kill "$server_process" 2>/dev/null || true
        wait "$server_process" 2>/dev/null || true
    fi
    exit "$status"
}
trap finish EXIT
trap '' PIPE

# Runs hotpatch and shows its command line and its output, which stays in $output.
hotpatch() { # linux|windows EXPECTED_EXIT_CODE ARGUMENT...
    local side=$1 expected=$2 status=0
    shift 2
    local command=("$linux_program")
    [ "$side" = linux ] || command=(tests/wine/run.sh "$windows_program")
    printf '  %s[%s]$ hotpatch %s%s\n' "$bold" "$side" "$*" "$plain"
    output=$("${command[@]}" "$@" 2>&1) || status=$?
    printf '%s\n' "$output" | sed "s/^/    $dim/; s/\$/$plain/"
    [ "$status" = "$expected" ] ||
        fail "hotpatch $1 ended with exit code $status where $expected was expected"
}

output_has() { # TEXT WHAT_IT_MEANS
    case $output in
    *"$1"*) proven "$2" ;;
    *) fail "the output above does not say '$1' ($2)" ;;
    esac
}

# Sends one line over the client's only connection; the answer is in $answer.
ask() { # LINE
    printf '%s\n' "$1" >&3 || fail "the connection to the server is gone"
    IFS= read -r -t 15 -u 3 answer || fail "the server did not answer '$1'"
    printf '    %s> %s%s\n' "$dim" "$1" "$plain"
    printf '    %s< %s%s\n' "$dim" "$(printf '%s' "$answer" | sed 's/\.\{5,\}/ ... /g')" "$plain"
}

answer_is() { # GLOB WHAT_IT_MEANS
    # shellcheck disable=SC2254 # the argument is a pattern
    case $answer in
    $1) proven "$2" ;;
    *) fail "the server answered '$answer' ($2)" ;;
    esac
}

number_in_answer() { # NAME
    printf '%s' "$answer" | sed -n "s/.* $1=\([0-9]*\).*/\1/p"
}

# The frozen time in the output, in milliseconds.
frozen_time() {
    local us
    us=$(printf '%s\n' "$output" | sed -n 's/.*frozen for \([0-9]*\) us.*/\1/p' | head -1)
    [ -n "$us" ] || fail "hotpatch did not say for how long the server was frozen"
    printf '%d.%d ms' $((us / 1000)) $((us % 1000 / 100))
}

# ----------------------------------------------------------------------------------------

chapter "1. Build hotpatch, for this machine and for Windows"
choose_native_toolchain
need_wine
choose_windows_toolchain
"${native_cargo[@]}" build --locked --bin hotpatch
"${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
linux_program=${CARGO_TARGET_DIR:-target}/debug/hotpatch
windows_program=${CARGO_TARGET_DIR:-target}/$windows_target/debug/hotpatch.exe
tests/wine/run.sh --prepare
rm -rf "$work"
mkdir -p "$work"
proven "$("$linux_program" --version) for Linux, $(tests/wine/run.sh "$windows_program" --version | tr -d '\r') for Windows"

chapter "2. A server is running, and a client is connected"
tests/wine/run.sh "$old" >"$work/server.log" 2>&1 &
server_process=$!
for _ in $(seq 100); do
    grep -q '^listening' "$work/server.log" && break
    kill -0 "$server_process" 2>/dev/null || fail "the server ended: $(cat "$work/server.log")"
    sleep 0.1
done
read -r port pid < <(sed -n 's/^listening port=\([0-9]*\) pid=\([0-9]*\).*/\1 \2/p' "$work/server.log") ||
    fail "the server did not start within 10 s"
exec 3<>"/dev/tcp/127.0.0.1/$port" || fail "cannot connect to port $port"
tell "$old, Windows process $pid, port $port. This connection stays open to the end."
echo
ask "VERSION"
answer_is "OK line-server 1.4.2" "the old version answers"
ask "SET city Reykjavik"
answer_is "OK" "the server holds something in memory that a restart would lose"
ask "STATS"
session=$(number_in_answer session)
requests=$(number_in_answer session-requests)

chapter "3. The bug: BEAT trusts the length that the client claims"
ask "BEAT 5 hello"
answer_is "OK hello" "an honest request is answered"
ask "BEAT 200 hi"
answer_is "*operator-key=*" "a dishonest one gets the operator's key out of the server's memory"

chapter "4. At the release engineer's desk: what changed, and can it be patched?"
tell "Inputs: the program as it was shipped, the fixed program, and both PDBs."
echo
hotpatch linux 0 diff "$old" "$new"
output_has handle_beat "the fixed function was found"
output_has refuse_beat "and the new one that it calls"

chapter "5. Make a key, build the signed patch, look at it"
hotpatch linux 0 keygen -o "$work/release.pem"
tell "The private key stays at this desk, the public one goes to the administrators."
echo
hotpatch linux 0 build "$old" "$new" -o "$work/fix.hpk" --key "$work/release.pem" --id beat-1.4.3
hotpatch linux 0 inspect "$work/fix.hpk"
output_has handle_beat "the package names what it replaces"
hotpatch linux 0 verify "$work/fix.hpk" --key "$work/release.pem"
proven "the signature is good"
{ head -c -1 "$work/fix.hpk"; tail -c 1 "$work/fix.hpk" | LC_ALL=C tr '\000-\377' '\001-\377\000'; } >"$work/tampered.hpk"
hotpatch linux 5 verify "$work/tampered.hpk" --key "$work/release.pem"
proven "a package with one changed byte is refused"

chapter "6. At the administrator's machine: would it apply?"
hotpatch windows 0 check --pid "$pid" "$work/fix.hpk" --key "$work/release.pub.pem"
ask "VERSION"
answer_is "OK line-server 1.4.2" "check changed nothing"

chapter "7. Apply it to the running server"
hotpatch windows 0 apply --pid "$pid" "$work/fix.hpk" --key "$work/release.pub.pem"
apply_frozen=$(frozen_time)
echo
tell "The same connection, the same process:"
ask "BEAT 200 hi"
answer_is "ERR BEAT asks for 200 bytes of a text of 2" "the leak is gone"
ask "BEAT 5 hello"
answer_is "OK hello" "an honest request is answered as before"
ask "VERSION"
answer_is "OK line-server 1.4.3" "the new version answers"
ask "GET city"
answer_is "OK Reykjavik" "what the server held in memory is still there"
ask "STATS"
[ "$(number_in_answer session)" = "$session" ] || fail "this is not the same session any more"
[ "$(number_in_answer session-requests)" = $((requests + 8)) ] || fail "the request counter was lost"
[ "$(number_in_answer refused)" = 1 ] || fail "the new code did not count in the old variable"
proven "the session's counter went on from $requests to $((requests + 8)); new code counts in old variables"
hotpatch windows 0 apply --pid "$pid" "$work/fix.hpk" --key "$work/release.pub.pem"
proven "applying it once more does no harm"

chapter "8. Which processes have which patches?"
hotpatch windows 0 status --pid "$pid"
output_has beat-1.4.3 "the running process itself knows"

chapter "9. Take it out again"
hotpatch windows 0 revert --pid "$pid" --id beat-1.4.3
revert_frozen=$(frozen_time)
echo
ask "VERSION"
answer_is "OK line-server 1.4.2" "the old version answers again, on the same connection"
ask "BEAT 200 hi"
answer_is "*operator-key=*" "with the old bug"
ask "GET city"
answer_is "OK Reykjavik" "and with everything it held in memory"

ask "SHUTDOWN"
exec 3>&-
wait "$server_process" || fail "the server ended with exit code $?"
server_process=

chapter "Done."
tell "One server process, one connection, from the first line to the last." \
    "All its threads stood still for $apply_frozen to apply and $revert_frozen to revert." \
    "The package, its key and the server's log are in $work/."
