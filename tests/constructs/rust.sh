#!/usr/bin/env bash
# Builds the Rust program of tests/constructs/rust before and after its fix, each with a PDB:
# tests/constructs/rust.sh FOLDER
#
# Rust writes PDBs for Microsoft's targets, which need Microsoft's libraries. This is the GNU
# target with that one setting changed, so the standard library is built for it as well.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# = 1 ] || die "usage: tests/constructs/rust.sh FOLDER"
mkdir -p "$1"
out=$(cd "$1" && pwd)
llvm=${LLVM_BIN:-/usr/lib/llvm-19/bin}
choose_windows_toolchain
rustc=rustc
case ${windows_cargo[*]} in *"/usr/bin/cargo"*) rustc=/usr/bin/rustc ;; esac

"${windows_cargo[@]}" --version >/dev/null
RUSTC_BOOTSTRAP=1 "$rustc" -Z unstable-options --print target-spec-json \
    --target x86_64-pc-windows-gnu |
    sed '1s/{/{ "debuginfo-kind": "pdb",/' >"$out/x86_64-pc-windows-gnupdb.json"

# lld instead of ld, through clang; named as the target's usual linker.
posix=$(dirname "$(x86_64-w64-mingw32-gcc-posix -print-libgcc-file-name)")
mkdir -p "$out/bin"
cat >"$out/bin/x86_64-w64-mingw32-gcc" <<LINKER
#!/usr/bin/env bash
exec "$llvm/clang" --target=x86_64-w64-windows-gnu -fuse-ld=lld -L"$posix" \\
    -Wl,--pdb="\$SHOP_PDB" -Wl,--no-insert-timestamp "\$@"
LINKER
chmod +x "$out/bin/x86_64-w64-mingw32-gcc"

build() { # NAME VERSION
    local name=$1
    mkdir -p "$out/$name/source"
    cp -r "$root/tests/constructs/rust/." "$out/$name/source/"
    # The fix is a release of its own: the mangled name of every function changes with it.
    sed -i "s/^version = .*/version = \"$2\"/" "$out/$name/source/Cargo.toml"
    export SHOP_PDB=$out/$name/case.pdb
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Clinker=$out/bin/x86_64-w64-mingw32-gcc" CARGO_TARGET_DIR=$out/target \
        "${windows_cargo[@]}" build --release --manifest-path "$out/$name/source/Cargo.toml" \
        --target "$out/x86_64-pc-windows-gnupdb.json" -Z json-target-spec -Z build-std=std,panic_unwind
    cp "$out/target/x86_64-pc-windows-gnupdb/release/shop.exe" "$out/$name/case.exe"
}
build old 0.1.0
export SHOP_FIXED=1
build new 0.1.1
