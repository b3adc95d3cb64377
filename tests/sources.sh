# shellcheck shell=bash
# Debian's source packages, for the tests that build real programs. Sourced after
# tests/lib.sh, not run.
#
# They come through apt, from the mirror that this machine's own configuration names, with
# lists of their own: the system's configuration stays as it is. Other releases are asked
# for at the same mirror.

# shellcheck source=tests/lib.sh
[ -n "${root:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The release that this machine runs.
own_suite() { sed -nE 's/^VERSION_CODENAME="?([a-z]+).*/\1/p' /etc/os-release; }

# What apt is configured with, one line for each archive: its key, its address, a release.
configured_archives() {
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        awk 'function flush(i, j, u, s) {
                if (types ~ /(^| )deb( |$)/ && enabled != "no")
                    for (i = split(uris, u, " "); i > 0; i--)
                        for (j = split(suites, s, " "); j > 0; j--)
                            print (key == "" ? "-" : key), u[i], s[j]
                types = uris = suites = key = enabled = ""
            }
            /^[[:space:]]*$/ { flush() }
            /^#/ { next }
            { value = $0; sub(/^[^:]*:[[:space:]]*/, "", value) }
            tolower($1) == "types:" { types = value }
            tolower($1) == "uris:" { uris = value }
            tolower($1) == "suites:" { suites = value }
            tolower($1) == "enabled:" { enabled = tolower(value) }
            tolower($1) == "signed-by:" && value ~ /^\// { key = value }
            END { flush() }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]]+([^[:space:]]+).*/\1 \2 \3/p' "$file" |
            sed -E -e 's/^\[.*signed-by=([^] ,]*).*\]/\1/' -e 's/^\[.*\]/-/' -e 's/^ /- /' -e 's/[[:space:]]+/ /g'
    done
}

# Gets the lists of source packages of some releases.
use_sources() { # FOLDER SUITE...
    local own key address suite wanted
    sources_folder=$1
    shift
    own=$(own_suite)
    mkdir -p "$sources_folder/lists/partial" "$sources_folder/cache/archives/partial"
    while read -r key address suite; do
        case $suite in
        "$own") for wanted; do echo "$key $address $wanted"; done ;;
        "$own-security") for wanted; do echo "$key $address $wanted-security"; done ;;
        esac
    done < <(configured_archives) | sort -u | while read -r key address suite; do
        [ "$key" = - ] && key='' || key="[signed-by=$key] "
        echo "deb-src $key$address $suite main"
    done >"$sources_folder/sources.list"
    [ -s "$sources_folder/sources.list" ] ||
        die "apt's configuration names no archive of this machine's release (${own:-unknown})"
    apt_options=(-q -o Dir::Etc::sourcelist="$sources_folder/sources.list" -o Dir::Etc::sourceparts=-
        -o Dir::State::lists="$sources_folder/lists" -o Dir::Cache="$sources_folder/cache"
        -o Acquire::Retries=3 -o APT::Sandbox::User=root)
    if ! apt-get "${apt_options[@]}" update >"$sources_folder/log" 2>&1; then
        tail -n 20 "$sources_folder/log" >&2
        die "no source packages of $*: apt-get cannot get their lists"
    fi
}

# Downloads a version, if the mirror still has it.
download() { # PACKAGE VERSION
    (cd "$sources_folder" && apt-get "${apt_options[@]}" source --download-only "$1=$2") >>"$sources_folder/log" 2>&1
}

# The newest version of each upstream release that can be had, as .dsc files.
find_sources() { # PACKAGE
    local version upstream seen=' ' file
    while read -r version; do
        upstream=${version#*:} upstream=${upstream%-*}
        case $seen in *" $upstream "*) continue ;; esac
        if download "$1" "$version"; then
            seen+="$upstream "
            file=$1_${version#*:}.dsc
            note "$1 $version ($(sha256sum "$sources_folder/$file" | cut -c1-16))"
            echo "$sources_folder/$file"
        fi
    done < <(apt-cache "${apt_options[@]}" showsrc "$1" | sed -n 's/^Version: //p' |
        sort -uV --reverse)
}

# Unpacks a source package; its own patches are left to the caller with --skip-patches.
unpack_source() { # DSC FOLDER [OPTION...]
    local dsc=$1 folder=$2
    shift 2
    rm -rf "$folder"
    dpkg-source --no-check "$@" -x "$dsc" "$folder" >>"$sources_folder/log" 2>&1 ||
        die "cannot unpack $dsc, see $sources_folder/log"
}
