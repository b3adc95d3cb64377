# shellcheck shell=bash
# What tests/run.sh and examples/quickstart.sh share: installing what is missing, and
# choosing the Rust toolchain that builds for Windows. Sourced, not run.
#
#   HOTPATCH_TOOLCHAIN  which Rust toolchain builds the Windows side:
#       auto    (default) the installed one if it has the target; else rustup adds the
#               target, unless RUSTUP_AUTO_INSTALL=0 forbids downloads; else Debian's
#       rustup  the installed one, after `rustup target add`
#       debian  Debian's rustc-web and cargo-web, which build the standard library
#               for Windows from rust-web-src

# shellcheck disable=SC2034 # used by those who source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
windows_target=x86_64-pc-windows-gnu

if [ -t 2 ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

step() { printf "\n%s== %s%s  %(%T)T\n" "$bold" "$*" "$plain" -1 >&2; }
note() { printf '   %s\n' "$*" >&2; }
die() { printf '%s\n' "${red}error:${plain} $*" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# --- Packages ---------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo: $*"
    fi
}

apt_updated=
apt_update() {
    [ -z "$apt_updated" ] || return 0
    note "apt-get update"
    as_root apt-get -qq -o Acquire::Retries=3 update </dev/null >&2 || note "apt-get update failed; going on with the lists there are"
    apt_updated=1
}

apt_knows() { # PACKAGE
    [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\((none)\)\{0,1\}//p')" ]
}

install_packages() { # PACKAGE...
    [ $# -gt 0 ] || return 0
    have apt-get || die "please install these yourself, there is no apt-get here: $*"
    apt_update
    note "apt-get install $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install "$@" </dev/null >&2 ||
        die "apt-get could not install: $*"
}

# Installs the packages behind commands that are missing.
need() { # COMMAND=PACKAGE...
    local pair missing=()
    for pair; do
        have "${pair%%=*}" || missing+=("${pair#*=}")
    done
    install_packages "${missing[@]}"
}

have_wine() { have "${HOTPATCH_WINE:-/usr/lib/wine/wine64}" || have wine64 || have wine; }

need_wine() {
    need x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64 flock=util-linux
    have_wine || install_packages wine wine64
}

# Sets mingw_gcc, the folder of mingw's C++ library, and mingw_cxx, clang's options for it.
# There are two variants of the same version; left alone, clang takes either of them.
find_mingw_cxx() {
    need x86_64-w64-mingw32-g++-posix=g++-mingw-w64-x86-64-posix
    mingw_gcc=$(dirname "$(x86_64-w64-mingw32-g++-posix -print-libgcc-file-name)")
    local cxx=$mingw_gcc/include/c++
    mingw_cxx=(-nostdinc++ -isystem "$cxx" -isystem "$cxx/x86_64-w64-mingw32"
        -isystem "$cxx/backward" -L"$mingw_gcc" -pthread)
}

# --- Rust -------------------------------------------------------------------------------

# Sets native_cargo, the command that builds for this machine.
choose_native_toolchain() {
    need cc=gcc
    if have cargo; then
        native_cargo=(cargo)
    else
        note "no cargo here; using Debian's for this machine too"
        need_debian_rust
        native_cargo=(env RUSTC=/usr/bin/rustc /usr/bin/cargo)
    fi
    note "Linux side:   $("${native_cargo[@]}" --version)"
}

has_windows_std() { # RUSTC
    local dir
    dir=$("$1" --print target-libdir --target "$windows_target" 2>/dev/null) && [ -d "$dir" ]
}

# Nothing is downloaded with rustup where its own setting says that it should not be.
may_use_rustup() { have rustup && [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; }

need_debian_rust() {
    local version
    version=$(dpkg-query -W -f '${Version}' rust-web-src 2>/dev/null) && [ -x /usr/bin/rustc ] &&
        [ -x /usr/bin/cargo ] && [ -d "/usr/src/rustc-${version%%[+-]*}" ] && return
    have apt-get && apt_update
    apt_knows rustc-web || die "no Rust toolchain that can build for $windows_target.
   Install rustup and run: rustup target add $windows_target"
    install_packages rustc-web cargo-web rust-web-src
}

# Sets windows_cargo (a command that takes a subcommand) and windows_args (options that
# follow the subcommand), and windows_clippy, the command for clippy.
choose_windows_toolchain() {
    need x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64
    local choice=${HOTPATCH_TOOLCHAIN:-auto}
    if [ "$choice" = auto ]; then
        if have rustc && has_windows_std rustc; then
            choice=installed
        elif may_use_rustup && rustup target add "$windows_target" >&2; then
            choice=installed
        else
            choice=debian
        fi
    fi
    case $choice in
    installed) ;;
    rustup) rustup target add "$windows_target" >&2 ;;
    debian) need_debian_rust ;;
    *) die "HOTPATCH_TOOLCHAIN is $choice; it can be auto, rustup or debian" ;;
    esac

    windows_args=(--target "$windows_target")
    if [ "$choice" = debian ]; then
        # The standard library's sources are part of the package; building them is an
        # unstable option of cargo, hence RUSTC_BOOTSTRAP.
        local environment=(env RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
            CARGO=/usr/bin/cargo RUSTC_BOOTSTRAP=1)
        windows_cargo=("${environment[@]}" /usr/bin/cargo)
        windows_clippy=("${environment[@]}" /usr/bin/cargo-clippy clippy)
        # `test` is named so that `cargo build` and `cargo test` share one build of it.
        windows_args+=(-Z "build-std=std,test")
        note "Windows side: $("${windows_cargo[@]}" --version) (Debian's, builds std from source)"
    else
        windows_cargo=(cargo)
        # shellcheck disable=SC2034 # used by those who source this
        windows_clippy=(cargo clippy)
        note "Windows side: $(cargo --version)"
    fi
}
