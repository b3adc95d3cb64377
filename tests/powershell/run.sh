#!/usr/bin/env bash
# The PowerShell module, run by PowerShell 7:  tests/powershell/run.sh [NAME ...]
#
# PowerShell for Linux calls the program for Linux for builds and packages and, through
# tests/wine/run.sh, the program for Windows for running servers. It does not see the processes of
# Wine, so that objects stand in for those of Get-Process. A PowerShell for Windows, as that of
# tests/microsoft/powershell.sh, does the same with the processes that it sees. NAME is one of the files beside this one, such as
# Live; without it, all of them are run.
#
#   HOTPATCH_PWSH          PowerShell 7 for Linux with Pester 5; without it, `pwsh` on the path
#   HOTPATCH_EXE           the Windows build; without it, it is built
#   HOTPATCH_PWSH_WINDOWS  a command that runs PowerShell 7 for Windows with Pester 5 under Wine,
#                          in the prefix of $WINEPREFIX
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"

missing() { note "${bold}NOT TESTED: $*${plain}"; }

pwsh=$(command -v "${HOTPATCH_PWSH:-pwsh}") || pwsh=
if [ -z "$pwsh" ]; then
    missing "the PowerShell module: there is no PowerShell (pwsh on the path, or HOTPATCH_PWSH)"
    exit 0
fi
# shellcheck disable=SC2016 # PowerShell expands it
if ! "$pwsh" -NoProfile -NonInteractive -Command \
    'exit [int] -not (Get-Module -ListAvailable Pester | Where-Object { $_.Version.Major -ge 5 })'; then
    missing "the PowerShell module: this PowerShell has no Pester 5 (Install-Module Pester)"
    exit 0
fi
need_wine
choose_native_toolchain
"${native_cargo[@]}" build --locked --bin hotpatch
target=$(readlink -f "${CARGO_TARGET_DIR:-target}")
native=$target/debug/hotpatch
windows=${HOTPATCH_EXE:-$target/$windows_target/debug/hotpatch.exe}
if [ -z "${HOTPATCH_EXE:-}" ]; then
    choose_windows_toolchain
    "${windows_cargo[@]}" build --locked --bin hotpatch "${windows_args[@]}"
fi
export WINEPREFIX=${HOTPATCH_WINEPREFIX:-$root/target/wine-prefix}
tests/wine/run.sh --prepare
work=$(mktemp -d)
# Trust is in no folder that others may write to, as /tmp is.
machine=$(mktemp -d "$WINEPREFIX/drive_c/machine-XXXXXX")
trap 'rm -rf "$work" "$machine"' EXIT
export HOTPATCH_TEST_MACHINE="C:\\${machine##*/}"

# Builds, keys and packages in a folder of their own, as an administrator would find them.
prepare() { # FOLDER
    mkdir -p "$1"/{shipped,fixed,restart}
    cp fixtures/server/old/server.* "$1/shipped"
    cp fixtures/server/new/server.* "$1/fixed"
    cp fixtures/server/new-unpatchable/server.* "$1/restart"
    cp fixtures/server/new/server.exe "$1/shipped/other.exe"
    (
        cd "$1"
        "$native" keygen -o release.pem
        "$native" keygen -o other.pem
        local build=("$native" build shipped/server.exe fixed/server.exe --cve CVE-2025-1234)
        "${build[@]}" --id BEAT --key release.pem -o fix.hpk
        "${build[@]}" --id BEAT-2 --sequence 2 --supersedes BEAT --key release.pem -o second.hpk
        "${build[@]}" --id FOREIGN --key other.pem -o foreign.hpk
        rm -rf "${machine:?}"/*
        for name in store examples; do
            HOTPATCH_TRUST="$HOTPATCH_TEST_MACHINE\\trust-$name" \
                "$root/tests/wine/run.sh" "$windows" trust add release.pub.pem
        done
    ) >/dev/null
}

step "PowerShell for Linux"
prepare "$work/linux"
printf '#!/bin/sh\nexec %q %q "$@"\n' "$root/tests/wine/run.sh" "$windows" >"$work/hotpatch"
chmod +x "$work/hotpatch"
HOTPATCH_TEST_WORK=$work/linux HOTPATCH_TEST_NATIVE=$native HOTPATCH_TEST_WINDOWS=$work/hotpatch \
    HOTPATCH_TEST_RUN=$root/tests/wine/run.sh \
    "$pwsh" -NoProfile -NonInteractive -File tests/powershell/Invoke-Tests.ps1 "$@"

step "PowerShell for Windows (under Wine)"
if [ -z "${HOTPATCH_PWSH_WINDOWS:-}" ]; then
    missing "the module in PowerShell for Windows: HOTPATCH_PWSH_WINDOWS names none"
    exit 0
fi
windows_path() { printf 'Z:%s' "${1//\//\\}"; }
prepare "$work/windows"
HOTPATCH_TEST_WORK=$(windows_path "$work/windows") HOTPATCH_TEST_NATIVE=$(windows_path "$windows") \
    HOTPATCH_TEST_WINDOWS=$(windows_path "$windows") \
    "$HOTPATCH_PWSH_WINDOWS" -NoProfile -NonInteractive -File \
    "$(windows_path "$root/tests/powershell/Invoke-Tests.ps1")" "$@"
