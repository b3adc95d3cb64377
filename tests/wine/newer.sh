#!/usr/bin/env bash
# Brings a newer Wine up beside the installed one:  eval "$(tests/wine/newer.sh [FOLDER])"
#
# It is that of a later release of Debian, in a folder of its own (target/wine-newer), so that
# nothing of this machine changes. What it prints makes every test that runs under Wine use it,
# with a prefix of its own; say `unset HOTPATCH_WINE HOTPATCH_WINEPREFIX` to go back. Needs root
# and apt.
#
#   HOTPATCH_WINE_SUITE  which release (trixie, with Wine 10)
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite=${HOTPATCH_WINE_SUITE:-trixie}
folder=$(realpath -m "${1:-$root/target/wine-newer}")
[ "$(id -u)" = 0 ] || die "this needs root: it sets up another system in $folder"
need debootstrap=debootstrap unshare=util-linux

system=$folder/$suite
if [ ! -e "$system/usr/lib/wine/wine64" ]; then
    note "Debian $suite in $system"
    # shellcheck disable=SC2016 # apt-get's own words
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -1)
    rm -rf "$system"
    mkdir -p "$system"
    debootstrap --variant=minbase "$suite" "$system" "$mirror" >&2
    note "Wine in it"
    chroot "$system" sh -ec 'export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq -y --no-install-recommends install wine wine64' </dev/null >&2
fi

# Wine sees this machine's files under their names. They are mounted for its processes alone, and
# are gone with the last of them.
bin=$folder/bin
mkdir -p "$bin"
top=/$(cut -d/ -f2 <<<"$root")
for program in wine:/usr/lib/wine/wine64 wineserver:/usr/bin/wineserver; do
    cat >"$bin/${program%%:*}" <<END
#!/bin/sh
exec unshare --mount sh -c '
    for folder in /proc /dev /tmp "$top"; do
        mkdir -p "$system\$folder" && mount --rbind "\$folder" "$system\$folder" || exit 125
    done
    exec chroot "$system" env -C "\$0" ${program#*:} "\$@"' "\$PWD" "\$@"
END
    chmod +x "$bin/${program%%:*}"
done
note "$("$bin/wine" --version)"
printf 'export HOTPATCH_WINE=%q HOTPATCH_WINEPREFIX=%q\n' "$bin/wine" "$folder/prefix-$suite"
