#!/usr/bin/env bash
# Runs a Windows program under Wine:  tests/wine/run.sh PROGRAM.exe [ARGUMENT ...]
#
# Cargo calls this for every test of the Windows build (see .cargo/config.toml); the
# quickstart uses it too. The first call creates a Wine prefix of its own, under
# target/wine-prefix, so nothing in the user's home is read or changed.
#
#   HOTPATCH_WINEPREFIX  the prefix to use instead
#   HOTPATCH_WINE        the Wine program to use instead (a newer one: tests/wine/newer.sh)
#
# `run.sh --prepare` only creates the prefix; `run.sh --stop` ends its Wine server,
# and with it everything that still runs in the prefix.
#
# The program's exit code is passed through (Unix keeps its low 8 bits). Unix paths
# work as arguments and inside the program: "/tmp/x" is absolute on the current drive,
# and Wine starts programs on Z:, which is the Unix root.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

say() { printf 'wine: %s\n' "$*" >&2; }
die() { say "$*"; exit 125; }

find_wine() {
    local candidate
    for candidate in "${HOTPATCH_WINE:-}" /usr/lib/wine/wine64 /usr/lib64/wine/wine64 wine64 wine; do
        [ -n "$candidate" ] && command -v "$candidate" && return
    done
    die "no Wine found; install it (Debian and Ubuntu: apt-get install wine wine64)"
}

find_wineserver() {
    local candidate
    for candidate in "$(dirname "$wine")/wineserver" wineserver /usr/lib/wine/wineserver64 /usr/lib/wine/wineserver; do
        command -v "$candidate" && return
    done
    die "no wineserver found beside $wine"
}

wine=$(find_wine)
wineserver=$(find_wineserver)
settled=$here/settled.sh

export WINEPREFIX=${HOTPATCH_WINEPREFIX:-$root/target/wine-prefix}
export WINEARCH=win64
export WINEDEBUG=-all
# No Mono, no Gecko, no desktop files: nothing may ask a question or leave the prefix.
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
unset DISPLAY WAYLAND_DISPLAY

ready=$WINEPREFIX/.hotpatch-ready-1

# Everything that outlives the call is cut off from our standard streams; otherwise
# whoever reads them through a pipe waits for the Wine server to end.
quietly() { "$@" </dev/null >/dev/null 2>&1 9>&-; }

# Starts the server so that it stays for ten minutes after its last program (a call
# then takes 0.05 s), and lets Windows' own services start before the caller's program.
start_server() {
    if quietly "$wineserver" -p600; then
        quietly "$settled" "$wine" cmd /c exit || die "Wine does not start; see WINEPREFIX=$WINEPREFIX WINEDEBUG= $wine cmd"
    fi
}

create_prefix() {
    local system32=$WINEPREFIX/drive_c/windows/system32
    say "creating a Wine prefix in $WINEPREFIX (once, about 20 s)"
    quietly "$wineserver" -p600 || true
    quietly "$settled" "$wine" wineboot -i || die "wineboot failed in $WINEPREFIX"

    # A crash must end the program with its exception code. With a debugger installed
    # it ends with the debugger's.
    local key='HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug'
    quietly "$settled" "$wine" reg add "$key" /v Debugger /t REG_SZ /d none /f
    quietly "$settled" "$wine" reg add "$key" /v Auto /t REG_SZ /d 1 /f

    if [ ! -e "$system32/bcryptprimitives.dll" ]; then
        x86_64-w64-mingw32-gcc -shared -O2 -s -o "$system32/bcryptprimitives.dll" \
            "$here/bcryptprimitives.c" -ladvapi32 ||
            die "could not build bcryptprimitives.dll (is mingw-w64 installed?)"
    fi
    touch "$ready"
}

# Several test programs start at the same moment; one of them prepares.
prepare() {
    mkdir -p "$WINEPREFIX"
    exec 9>"$WINEPREFIX/.hotpatch-lock"
    flock 9
    [ -e "$ready" ] || create_prefix
    start_server
    exec 9>&-
}

case ${1:-} in
'') die "usage: $0 PROGRAM.exe [ARGUMENT ...]" ;;
--prepare) prepare ;;
--stop) "$wineserver" -k || true ;;
*)
    prepare
    exec "$settled" "$wine" "$@"
    ;;
esac
