#!/usr/bin/env bash
# Builds OpenSSL's libcrypto with its assembler code:  tests/real/libcrypto.sh FOLDER [--assembler]
#
# That code is written by hand: functions without records, entries of the function table that
# begin behind the first instructions, exception handlers of its own (some among constants),
# tables between functions. Adds to FOLDER/pairs.txt
#
#   * the assembler code alone, linked in two orders at two addresses: nothing has changed;
#   * without --assembler, the library of 3.5.1 and of 3.5.2. That compiles 2,000 files, for
#     some ten minutes on two cores.
#
# The sources come through cargo: the crate openssl-src is nothing else.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# = 1 ] || [ "${2:-}" = --assembler ] || die "usage: tests/real/libcrypto.sh FOLDER [--assembler]"
mkdir -p "$1/libcrypto"
folder=$(cd "$1" && pwd)
out=$folder/libcrypto
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
[ -x "$llvm/clang" ] || die "no clang in $llvm (Debian package clang-19; or set LLVM_BIN)"
need x86_64-w64-mingw32-windres=binutils-mingw-w64-x86-64 perl=perl make=make
choose_native_toolchain
old=3.5.1
new=3.5.2
export SOURCE_DATE_EPOCH=1700000000

# Sources of a version, configured, in FOLDER/libcrypto/VERSION.
sources() { # VERSION
    local manifest=$out/fetch-$1
    [ ! -f "$out/$1/Makefile" ] || return 0
    rm -rf "$manifest" "${out:?}/$1"
    mkdir -p "$manifest/src"
    touch "$manifest/src/lib.rs"
    # 3.5.1 is 300.5.1+3.5.1.
    printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\nopenssl-src = "=%s"\n' \
        "300.${1#*.}" >"$manifest/Cargo.toml"
    (cd "$manifest" && "${native_cargo[@]}" vendor --quiet vendor >/dev/null) ||
        die "the sources of OpenSSL $1 cannot be had"
    cp -r "$manifest/vendor/openssl-src/openssl" "$out/$1"
    (
        cd "$out/$1"
        ./Configure mingw64 shared no-tests no-apps no-docs no-legacy no-module \
            CC="$llvm/clang --target=x86_64-w64-windows-gnu" RC=x86_64-w64-mingw32-windres \
            AR="$llvm/llvm-ar" RANLIB="$llvm/llvm-ranlib" \
            CFLAGS="-O2 -g -gcodeview -gno-codeview-command-line -Wa,-L -w -fno-ident -ffunction-sections -fdata-sections -ffile-compilation-dir=/src"
        make build_generated
    ) >"$out/$1.log" 2>&1 || die "OpenSSL $1 cannot be configured, see $out/$1.log"
    note "OpenSSL $1"
}

# The objects of a build, in link order, as the linker's answer file and as the judge wants them.
link() { # RESULT_FOLDER OBJECTS OPTION...
    local result=$1
    mkdir -p "$result"
    cp "$2" "$result/objects.txt"
    shift 2
    "$llvm/clang" --target=x86_64-w64-windows-gnu -shared -fuse-ld=lld -g \
        -Wl,--pdb="$result/library.pdb" -Wl,-Map="$result/library.map" -Wl,--no-demangle \
        -Wl,--no-insert-timestamp -Wl,-Xlink=-pdbaltpath:library.pdb \
        -o "$result/library.dll" "@$result/objects.txt" "$@"
}

# The assembler code, with the two things that it wants of the rest of the library.
assembler_alone() {
    local file name list=$out/assembler.txt
    mkdir -p "$out/assembler"
    cd "$out/$new"
    mapfile -t files < <(sed -nE 's/^(crypto\/[a-z0-9_/-]+\.s):.*/\1/p' Makefile | sort -u)
    [ "${#files[@]}" -gt 30 ] || die "only ${#files[@]} assembler files in OpenSSL $new"
    make -j2 "${files[@]}" >>"$out/$new.log" 2>&1 || die "no assembler code, see $out/$new.log"
    printf '%s\n' 'unsigned OPENSSL_ia32cap_P[10];' 'void OPENSSL_cpuid_setup(void) {}' >"$out/assembler/caller.c"
    "$llvm/clang" --target=x86_64-w64-windows-gnu -O1 -g -gcodeview -gno-codeview-command-line \
        -ffile-compilation-dir=/src -c "$out/assembler/caller.c" -o "$out/assembler/caller.o"
    echo "$out/assembler/caller.o" >"$list"
    for file in "${files[@]}"; do
        name=${file##*/}
        "$llvm/clang" --target=x86_64-w64-windows-gnu -c "$file" -o "$out/assembler/${name%.s}.o"
        echo "$out/assembler/${name%.s}.o" >>"$list"
    done
    tac "$list" >"$out/reversed.txt"
    link "$out/assembler/old" "$list" -Wl,--export-all-symbols -Wl,--image-base=0x340000000
    link "$out/assembler/new" "$out/reversed.txt" -Wl,--export-all-symbols -Wl,--image-base=0x280000000
    pair "$new" "assembler, linked in another order" "$out/assembler/old" "$out/assembler/new"
}

# The library of a version, with what its providers consist of.
library() { # VERSION
    [ ! -f "$out/build-$1/library.dll" ] || return 0
    note "OpenSSL $1: compiling"
    (
        cd "$out/$1"
        make -j2 LDFLAGS=-fuse-ld=lld libcrypto-3-x64.dll
        sed "s#^#$PWD/#" libcrypto-3-x64.dll.args >"$out/$1.txt"
        for archive in default common; do
            "$llvm/llvm-ar" t "providers/lib$archive.a" | while read -r member; do
                find "$PWD/providers" "$PWD/ssl" -name "${member##*/}"
            done >>"$out/$1.txt"
        done
        link "$out/build-$1" "$out/$1.txt" libcrypto.def -lws2_32 -lgdi32 -lcrypt32
    ) >>"$out/$1.log" 2>&1 || die "OpenSSL $1 cannot be built, see $out/$1.log"
}

pair() { # VERSION WHAT OLD NEW
    printf 'openssl\t%s\t%s\t%s\t%s\n' "$@" >>"$folder/pairs.txt"
}

step "libcrypto"
sources "$new"
assembler_alone
if [ "${2:-}" != --assembler ]; then
    sources "$old"
    library "$old"
    library "$new"
    pair "$new" "3.5.1 to 3.5.2" "$out/build-$old" "$out/build-$new"
fi
