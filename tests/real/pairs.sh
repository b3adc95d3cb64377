#!/usr/bin/env bash
# Builds pairs of real libraries, before and after one security fix:  tests/real/pairs.sh FOLDER
#
# Debian's source packages carry every fix as a patch of its own. For each patch of expat,
# libpng and zlib that changes the library, FOLDER gets the library with all patches before
# it (`old`) and with it as well (`new`): a DLL with its PDB, the linker's map and the
# objects. FOLDER/pairs.txt lists them: library, version, patch, folder.
#
#   HOTPATCH_REAL_LIBRARIES  source packages (default: expat libpng1.6 zlib)
#   HOTPATCH_REAL_SUITES     Debian releases (default: bookworm bullseye)
#   HOTPATCH_REAL_LEVELS     optimisation levels (default: -O2)
#   HOTPATCH_REAL_LAST       only so many of the last patches of each package (default: all)
#   HOTPATCH_REAL_REWRITTEN  a folder of fixes that are written another way (examples/layout):
#                            PACKAGE/PATCH.patch goes on top of a patch, and
#                            PACKAGE/PATCH.instead.patch in its place; the pair is listed as
#                            `rewritten PATCH`
#   HOTPATCH_REAL_PATCHES    only patches whose name matches this expression (default: all)
#
# The sources come through apt (tests/sources.sh).
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/sources.sh
. "$root/tests/sources.sh"
[ $# = 1 ] || die "usage: tests/real/pairs.sh FOLDER"
mkdir -p "$1"
out=$(cd "$1" && pwd)
read -ra libraries <<<"${HOTPATCH_REAL_LIBRARIES:-expat libpng1.6 zlib}"
read -ra suites <<<"${HOTPATCH_REAL_SUITES:-bookworm bullseye}"
read -ra levels <<<"${HOTPATCH_REAL_LEVELS:--O2}"
last=${HOTPATCH_REAL_LAST:-1000}
only=${HOTPATCH_REAL_PATCHES:-.}
rewritten=${HOTPATCH_REAL_REWRITTEN:+$(cd "$HOTPATCH_REAL_REWRITTEN" && pwd)}
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
[ -x "$llvm/clang" ] || die "no clang in $llvm (Debian package clang-19; or set LLVM_BIN)"
need x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64 dpkg-source=dpkg-dev patch=patch

# --- Sources ----------------------------------------------------------------------------

step "Sources"
use_sources "$out/apt" "${suites[@]}"

# --- Builds -----------------------------------------------------------------------------

# shellcheck disable=SC2054 # the commas belong to the options
common=(--target=x86_64-w64-windows-gnu -g -gcodeview -gno-codeview-command-line -Wa,-L -w
    -ffunction-sections -fdata-sections -fno-ident
    "-ffile-compilation-dir=/src")

# Sets `files` and `flags` of a library whose sources are in the current folder.
recipe() { # PACKAGE
    case $1 in
    expat)
        cd expat 2>/dev/null || true
        files=(lib/xmlparse.c lib/xmlrole.c lib/xmltok.c)
        flags=(-Ilib -DNDEBUG -D_CRT_RAND_S -DHAVE_EXPAT_CONFIG_H)
        # What configure finds out.
        printf '#define %s\n' 'XML_DTD 1' 'XML_NS 1' 'XML_GE 1' 'XML_CONTEXT_BYTES 1024' \
            'BYTEORDER 1234' 'HAVE_MEMMOVE 1' >lib/expat_config.h
        ;;
    libpng1.6)
        files=(png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c
            pngrutil.c pngset.c pngtrans.c pngwio.c pngwrite.c pngwtran.c pngwutil.c)
        flags=(-I. -I"$out/zlib-headers" -DPNG_NO_MMX_CODE -DPNG_INTEL_SSE_OPT=0)
        cp -u scripts/pnglibconf.h.prebuilt pnglibconf.h
        ;;
    zlib)
        files=(adler32.c compress.c crc32.c deflate.c gzclose.c gzlib.c gzread.c gzwrite.c
            infback.c inffast.c inflate.c inftrees.c trees.c uncompr.c zutil.c)
        flags=(-I. -DNO_FSEEKO)
        ;;
    *) die "no recipe for $1" ;;
    esac
}

# Compiles what is not compiled yet and links it. An object is known by what the compiler
# reads: the source after the preprocessor.
build() { # PACKAGE SOURCE_FOLDER RESULT_FOLDER OPTION...
    local package=$1 source=$2 result=$3 file files flags imports object objects key
    shift 3
    [ ! -f "$result/library.dll" ] || return 0
    mkdir -p "$result" "$out/objects"
    (
        cd "$source"
        recipe "$package"
        : >"$result/objects.txt"
        for file in "${files[@]}"; do
            [ -f "$file" ] || continue
            key=$("$llvm/clang" "${common[@]}" "$@" "${flags[@]}" -E "$file" | cat - <(echo "$file $*") |
                sha256sum | cut -c1-32)
            object=${file##*/}
            object=${object%.c}.o
            if ! [ -f "$out/objects/$key/$object" ]; then
                mkdir -p "$out/objects/$key"
                "$llvm/clang" "${common[@]}" "$@" "${flags[@]}" -c "$file" -o "$out/objects/$key/$object"
            fi
            echo "$out/objects/$key/$object" >>"$result/objects.txt"
        done
        mapfile -t objects <"$result/objects.txt"
        imports=()
        [ "$package" != libpng1.6 ] || imports=("$out/zlib-import.a")
        "$llvm/clang" --target=x86_64-w64-windows-gnu -shared -fuse-ld=lld -g \
            -Wl,--pdb="$result/library.pdb" -Wl,-Map="$result/library.map" -Wl,--no-demangle \
            -Wl,--no-insert-timestamp -Wl,-Xlink=-pdbaltpath:library.pdb \
            -o "$result/library.dll" "${objects[@]}" "${imports[@]}"
    )
}

# libpng needs zlib's headers and its import library only.
zlib_for_libpng() { # ZLIB_SOURCE
    mkdir -p "$out/zlib-headers"
    cp "$1/zlib.h" "$1/zconf.h" "$out/zlib-headers/"
    { echo "LIBRARY hpzlib.dll"; echo EXPORTS
        printf '%s\n' adler32 crc32 deflate deflateEnd deflateInit2_ deflateInit_ deflateReset \
            inflate inflateEnd inflateInit2_ inflateInit_ inflateReset inflateReset2 \
            inflateValidate zlibVersion; } >"$out/zlib.def"
    "$llvm/llvm-dlltool" -m i386:x86-64 -d "$out/zlib.def" -l "$out/zlib-import.a"
}

# The name of a patch: its CVE where it names one.
label() { # PATCH_FILE
    local name=${1#*/debian/patches/} cve
    cve=$(grep -ohE 'CVE-[0-9]{4}-[0-9]+' <(echo "$name") "$1" | head -n1) || true
    echo "${cve:+$cve }${name%.patch}"
}

# Whether a patch changes C sources of the library itself.
changes_library() { # PATCH_FILE
    grep -qE '^\+\+\+ [^/]+/(expat/)?(lib/)?[a-z0-9_]+\.[ch]([[:space:]]|$)' "$1"
}

# The fix that somebody wrote another way, in a copy of the sources.
rewrite() { # SOURCE_FOLDER PATCH_FILE
    rm -rf "$1.rewritten"
    cp -r "$1" "$1.rewritten"
    patch -d "$1.rewritten" -p1 --quiet --forward --no-backup-if-mismatch <"$2" >>"$out/apt/log" 2>&1 ||
        die "$2 does not apply, see $out/apt/log"
}

pairs_of() { # PACKAGE DSC
    local package=$1 version=${2##*/} tree builds level name patches file index=0 first wanted ours
    version=${version#*_} version=${version%.dsc}
    tree=$out/src/$package-$version
    builds=$out/builds/$package-$version
    rm -rf "$builds"
    mkdir -p "$out/src"
    unpack_source "$2" "$tree" --skip-patches
    mapfile -t patches < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' "$tree/debian/patches/series" | grep .)
    first=$((${#patches[@]} - last))
    for name in "${patches[@]}"; do
        file=$tree/debian/patches/$name
        index=$((index + 1))
        wanted=$([ "$index" -le "$first" ] || ! [[ $name =~ $only ]] || ! changes_library "$file" || echo 1)
        for level in ${wanted:+"${levels[@]}"}; do
            build "$package" "$tree" "$builds/$((index - 1))$level" "$level"
        done
        ours=$rewritten/$package/${name%.patch}
        [ -z "$wanted" ] || ! [ -f "$ours.instead.patch" ] || rewrite "$tree" "$ours.instead.patch"
        patch -d "$tree" -p1 --quiet --forward --no-backup-if-mismatch <"$file" >>"$out/apt/log" 2>&1 ||
            die "$package $version: $name does not apply, see $out/apt/log"
        for level in ${wanted:+"${levels[@]}"}; do
            build "$package" "$tree" "$builds/$index$level" "$level"
            printf '%s\t%s\t%s\t%s\t%s\n' "$package" "$version" "$(label "$file") $level" \
                "$builds/$((index - 1))$level" "$builds/$index$level" >>"$out/pairs.txt"
        done
        [ -z "$wanted" ] || ! [ -f "$ours.patch" ] || rewrite "$tree" "$ours.patch"
        [ -d "$tree.rewritten" ] || continue
        for level in ${wanted:+"${levels[@]}"}; do
            build "$package" "$tree.rewritten" "$builds/rewritten-$index$level" "$level" "-I$root/examples"
            printf '%s\t%s\trewritten %s\t%s\t%s\n' "$package" "$version" "$(label "$file") $level" \
                "$builds/$((index - 1))$level" "$builds/rewritten-$index$level" >>"$out/pairs.txt"
        done
        rm -rf "$tree.rewritten"
    done
}

declare -A sources
# libpng is built against the newest zlib.
for package in zlib "${libraries[@]}"; do
    [ -n "${sources[$package]:-}" ] || sources[$package]=$(find_sources "$package")
    if [ -z "${sources[$package]}" ]; then
        tail -n 20 "$out/apt/log" >&2
        die "no source package $package could be had for ${suites[*]}"
    fi
done
read -r newest_zlib <<<"${sources[zlib]}"
unpack_source "$newest_zlib" "$out/zlib-tree" --skip-patches
zlib_for_libpng "$out/zlib-tree"

step "Builds"
: >"$out/pairs.txt"
for package in "${libraries[@]}"; do
    while read -r dsc; do
        pairs_of "$package" "$dsc"
    done <<<"${sources[$package]}"
done
note "$(wc -l <"$out/pairs.txt") pairs in $out/pairs.txt"
