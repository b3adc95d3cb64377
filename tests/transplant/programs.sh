#!/usr/bin/env bash
# Builds real programs for Windows, with PDBs:  tests/transplant/programs.sh FOLDER PROGRAM-LEVEL...
#
#   lua       the Lua interpreter                 pngtest    libpng's own test
#   sqlite    SQLite's shell                      example    zlib's own test
#   program   programs/program.cpp                minigzip   zlib's compressor
#
# LEVEL is the optimisation level. FOLDER gets PROGRAM-LEVEL/PROGRAM.exe with its PDB, the
# PDB's procedures as LLVM lists them, and the files that the program reads. The sources are
# Debian's (tests/sources.sh), the compiler is clang, the linker lld, and the C++ library
# MinGW's libstdc++.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/sources.sh
. "$root/tests/sources.sh"
[ $# -gt 1 ] || die "usage: tests/transplant/programs.sh FOLDER PROGRAM-LEVEL..."
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
here=$root/tests/transplant/programs
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
[ -x "$llvm/clang" ] || die "no clang in $llvm (Debian package clang-19; or set LLVM_BIN)"
need x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64 dpkg-source=dpkg-dev patch=patch

# --- Sources ----------------------------------------------------------------------------

have_lists=

# Sets `tree`, the newest sources of a package.
need_tree() { # PACKAGE
    local dsc
    tree=$out/src/$1
    [ ! -e "$tree.ready" ] || return 0
    [ -n "$have_lists" ] || use_sources "$out/apt" "$(own_suite)"
    have_lists=1
    read -r dsc < <(find_sources "$1") || die "no source package $1, see $out/apt/log"
    mkdir -p "$out/src"
    unpack_source "$dsc" "$tree"
    touch "$tree.ready"
}

need_zlib() {
    need_tree zlib
    zlib=$tree
}

# SQLite in one file, as its makefile puts it together.
need_sqlite() {
    need_tree sqlite3
    [ ! -e "$tree/one/shell.c" ] || return 0
    need cc=gcc make=make tclsh=tcl
    mkdir -p "$tree/one"
    (cd "$tree/one" && ../configure --disable-tcl --disable-readline && make sqlite3.c sqlite3.h shell.c) \
        >"$out/src/sqlite.log" 2>&1 || die "SQLite's amalgamation could not be made, see $out/src/sqlite.log"
}

# --- Builds -----------------------------------------------------------------------------

link_with() { # COMPILER PROGRAM-LEVEL OPTION... FILE...
    local compiler=$1 program=${2%-*} folder=$out/$2 level=-${2##*-}
    shift 2
    "$llvm/$compiler" --target=x86_64-w64-windows-gnu "$level" -g -gcodeview -w \
        -fuse-ld=lld -Wl,--pdb="$folder/$program.pdb" -Wl,--no-insert-timestamp \
        "$@" -o "$folder/$program.exe" 2>"$folder/log" || {
        cat "$folder/log" >&2
        die "$program could not be built"
    }
}

build() { # PROGRAM-LEVEL
    local program=${1%-*} folder=$out/$1 zlib tree cxx
    [ ! -e "$folder/procedures.txt" ] || return 0
    mkdir -p "$folder"
    case $program in
    lua)
        need_tree lua5.4
        local files=("$tree"/src/*.c)
        link_with clang "$1" "${files[@]/*luac.c/-DLUA_COMPAT_5_3}"
        ;;
    sqlite)
        need_sqlite
        link_with clang "$1" -I"$tree/one" -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE \
            -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB \
            "$tree/one/sqlite3.c" "$tree/one/shell.c"
        ;;
    program)
        find_mingw_cxx
        link_with clang++ "$1" -std=c++20 -static "${mingw_cxx[@]}" "$here/program.cpp"
        ;;
    pngtest)
        need_zlib
        need_tree libpng1.6
        cp -u "$tree/scripts/pnglibconf.h.prebuilt" "$tree/pnglibconf.h"
        link_with clang "$1" -I"$tree" -I"$zlib" -DPNG_INTEL_SSE_OPT=0 -DNO_FSEEKO \
            "$tree"/png*.c "$zlib"/*.c
        cp "$tree/pngtest.png" "$folder/"
        ;;
    example | minigzip)
        need_zlib
        link_with clang "$1" -I"$zlib" -DNO_FSEEKO "$zlib/test/$program.c" "$zlib"/*.c
        ;;
    *) die "no program $program" ;;
    esac
    # shellcheck disable=SC2016 # the quotes are LLVM's
    "$llvm/llvm-pdbutil" dump --symbols "$folder/$program.pdb" |
        sed -nE 's/^.*S_[GL]PROC32(_ID)? \[size = [0-9]+\] `(.*)`$/\2/p' >"$folder/procedures.new"
    [ -s "$folder/procedures.new" ] || die "llvm-pdbutil lists no procedures of $program"
    mv "$folder/procedures.new" "$folder/procedures.txt"
    note "$1: $(wc -l <"$folder/procedures.txt") procedures"
}

step "Programs"
for program; do
    build "$program"
done
