#!/usr/bin/env bash
# Gets the sources of real programs:  tests/semantic/sources.sh FOLDER PROGRAM...
#
# Programs are lua, zlib, libpng, expat and sqlite; the sources are Debian's
# (tests/sources.sh). FOLDER gets a folder for each.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/sources.sh
. "$root/tests/sources.sh"
[ $# -gt 1 ] || die "usage: tests/semantic/sources.sh FOLDER PROGRAM..."
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
need dpkg-source=dpkg-dev patch=patch
have_lists=

get() { # PROGRAM PACKAGE
    local dsc
    [ ! -e "$out/$1.ready" ] || return 0
    [ -n "$have_lists" ] || use_sources "$out/apt" "$(own_suite)"
    have_lists=1
    read -r dsc < <(find_sources "$2") || die "no source package $2, see $out/apt/log"
    unpack_source "$dsc" "$out/$1"
    case $1 in
    expat)
        # What configure finds out; the rest is said where it is compiled.
        printf '#define %s\n' 'BYTEORDER 1234' 'HAVE_MEMMOVE 1' >"$out/$1/expat/lib/expat_config.h"
        ;;
    libpng) cp "$out/$1/scripts/pnglibconf.h.prebuilt" "$out/$1/pnglibconf.h" ;;
    sqlite)
        need cc=gcc make=make tclsh=tcl
        mkdir -p "$out/$1/one"
        (cd "$out/$1/one" && ../configure --disable-tcl --disable-readline && make sqlite3.c sqlite3.h shell.c) \
            >"$out/sqlite.log" 2>&1 || die "SQLite's one-file source could not be made, see $out/sqlite.log"
        ;;
    esac
    touch "$out/$1.ready"
}

step "Sources"
for program; do
    case $program in
    lua) get lua lua5.4 ;;
    zlib | expat) get "$program" "$program" ;;
    libpng)
        get zlib zlib
        get libpng libpng1.6
        ;;
    sqlite) get sqlite sqlite3 ;;
    *) die "no program $program" ;;
    esac
done
