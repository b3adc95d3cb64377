#!/usr/bin/env bash
# Runs every test of hotpatch, for Linux and for Windows:  tests/run.sh
#
# Meant for a fresh Debian or Ubuntu machine with a Rust toolchain. What is missing is
# installed with apt-get (through sudo for ordinary users) and said first:
#
#   gcc-mingw-w64-x86-64      links the Windows build
#   g++-mingw-w64-x86-64-posix  has the C++ library of the programs of tests/constructs and
#                             of some fixtures
#   wine, wine64              run it
#   openssl                   the tests compare keys and signatures with it
#   bsdutils                  has `script`, a terminal for the tests of typed passphrases
#   llvm-19, clang-19, lld-19 the tests compare payloads with them; they rebuild the fixtures
#   the shellcheck program    checks the scripts
#   dpkg-dev, patch           get and patch the sources of real programs, through apt
#   g++                       builds libFuzzer
#   script (bsdutils)         is the terminal that a test takes away
#   xz-utils                  unpacks what Microsoft ships
#   valgrind                  counts instructions for tests/instructions.sh
#   tcl, make                 make SQLite's one-file source for tests/transplant
#   zsh, fish, mandoc         judge completions and manual pages
#   perl, make                write OpenSSL's assembler code for tests/real
#   rustc-web, cargo-web, rust-web-src, rust-web-clippy
#                             Rust for Windows, only where rustup cannot add the target
#
# Everything else happens inside target/. Environment: HOTPATCH_TOOLCHAIN (tests/lib.sh),
# HOTPATCH_WINEPREFIX (tests/wine/run.sh), HOTPATCH_PWSH and HOTPATCH_PWSH_WINDOWS
# (tests/powershell/run.sh): PowerShell is the one thing that is not installed, and where there is
# none, the tests that need it say that they did not run.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

started=$SECONDS

step "What the tests need"
need openssl=openssl script=bsdutils shellcheck=shellcheck sha256sum=coreutils
need_wine
choose_native_toolchain
choose_windows_toolchain
if ! [ -x /usr/lib/llvm-19/bin/clang ] || ! [ -x /usr/lib/llvm-19/bin/lld-link ] ||
    ! [ -x /usr/lib/llvm-19/bin/llvm-pdbutil ]; then
    apt_update
    if apt_knows clang-19; then
        install_packages clang-19 lld-19 llvm-19
    else
        note "this system has no clang-19; taking the default version"
        need clang=clang lld-link=lld llvm-pdbutil=llvm
    fi
fi
if ! "${native_cargo[@]}" clippy --version >/dev/null 2>&1 || ! "${native_cargo[@]}" fmt --version >/dev/null 2>&1; then
    if may_use_rustup && have cargo; then
        rustup component add clippy rustfmt >&2
    else
        need_debian_rust
        install_packages rust-web-clippy rustfmt-web
        native_cargo=(env RUSTC=/usr/bin/rustc RUSTFMT=/usr/bin/rustfmt /usr/bin/cargo)
    fi
fi
[ "${windows_cargo[0]}" = cargo ] || [ -x /usr/bin/cargo-clippy ] || install_packages rust-web-clippy

step "Scripts"
mapfile -t scripts < <(git ls-files '*.sh' .ci/run 2>/dev/null || find tests examples fixtures .ci -name '*.sh' -o -path .ci/run)
shellcheck --external-sources "${scripts[@]}"
note "shellcheck: ${#scripts[@]} scripts, nothing found"

step "Fixtures"
(cd fixtures && sha256sum --quiet --check SHA256SUMS)
note "every committed binary is the recorded one"
built_with='clang version 19.1.7 (3~deb12u1)'
mingw_of=(mingw-w64-x86-64-dev=10.0.0-3 gcc-mingw-w64-x86-64-posix-runtime=12.2.0-14+deb12u1+25.2+b1)
same_tools() {
    [ -x /usr/lib/llvm-19/bin/clang ] && /usr/lib/llvm-19/bin/clang --version | grep -qF "$built_with" || return
    for package in "${mingw_of[@]}"; do
        [ "$(dpkg-query -W -f '${Version}' "${package%%=*}" 2>/dev/null)" = "${package#*=}" ] || return
    done
}
find_mingw_cxx
if same_tools; then
    fixtures/build.sh --check
else
    note "not rebuilt: they were made by $built_with and ${mingw_of[*]}, which this machine does not have"
fi

step "Format"
"${native_cargo[@]}" fmt --check
(cd tests/fuzz && "${native_cargo[@]}" fmt --check)
note "cargo fmt: nothing to do"

step "Advisories"
tests/advisories.sh

# Tests that need something built first are run by scripts of their own; --all-targets leaves them out.
mapfile -t apart < <(sed -n '/^\[\[test\]\]/,/^$/s/^name = "\(.*\)"/--test=\1/p' Cargo.toml)

step "Clippy, Linux"
"${native_cargo[@]}" clippy --locked --all-targets -- -D warnings
"${native_cargo[@]}" clippy --locked "${apart[@]}" -- -D warnings

(cd tests/fuzz && CARGO_TARGET_DIR=$root/target "${native_cargo[@]}" clippy --locked -- -D warnings)

step "Clippy, Windows"
"${windows_clippy[@]}" --locked --all-targets "${windows_args[@]}" -- -D warnings
"${windows_clippy[@]}" --locked "${apart[@]}" "${windows_args[@]}" -- -D warnings

step "Tests, Linux"
"${native_cargo[@]}" test --locked --no-fail-fast

step "Instructions, Linux"
tests/instructions.sh

step "Pipelines of the examples, Linux"
tests/ci/run.sh

step "Completions and manual pages, Linux"
tests/shells/run.sh

step "Real fixes, Linux"
tests/real/run.sh --short

step "Fuzzing, Linux"
tests/fuzz/run.sh

step "Tests, Windows (under Wine)"
tests/wine/run.sh --prepare
"${windows_cargo[@]}" test --locked --no-fail-fast "${windows_args[@]}"

step "Kinds of wrong answers (under Wine)"
# As the Linux tests have just built them.
HOTPATCH_KINDS_AGAIN=1 tests/kinds/run.sh

step "Behaviour of edited programs (under Wine)"
tests/semantic/run.sh --short

step "Constructs (under Wine)"
tests/constructs/run.sh

step "Whole programs moved (under Wine)"
tests/transplant/run.sh --short

step "Real fixes, live (under Wine)"
tests/live/run.sh --short

tests/microsoft/run.sh

step "Ctrl-C, and no console any more (under Wine)"
tests/apply/interrupt.sh

step "Hostile targets (under Wine)"
tests/hostile/run.sh

step "Storm (under Wine)"
tests/storm/run.sh --short

step "Deaths (under Wine)"
tests/kill/run.sh --short

step "Sequences of everything (under Wine)"
tests/states/run.sh --short

step "Frozen time (under Wine)"
tests/freeze/run.sh --short

step "PowerShell module (under Wine)"
tests/powershell/run.sh

step "Quickstart"
examples/quickstart.sh

step "All tests passed ($(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s)"
