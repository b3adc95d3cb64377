#!/usr/bin/env bash
# The pipelines of examples/ci, step by step, on a release of the test server:  tests/ci/run.sh
#
# What they run in a shell behind "end of yours" is run here as it stands, in one folder, with the
# program of this repository in the place of what they install. Steps that only the service has,
# such as uploads, are not run.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
"${native_cargo[@]}" build --locked --bin hotpatch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "${CARGO_TARGET_DIR:-target}/debug/hotpatch" "$work/bin"
export PATH=$work/bin:$PATH HOTPATCH_PASSPHRASE='correct horse battery'
hotpatch keygen --out "$work/key.pem" --encrypt >/dev/null

# The shell commands of a pipeline, one file each.
blocks() { # PIPELINE FOLDER
    awk -v folder="$2" '
        /end of yours/ { on = 1 }
        !on { next }
        inside && match($0, /[^ ]/) && RSTART < deep { inside = 0 }
        inside { print substr($0, deep) > file; next }
        /^ *(run|- bash): \|$/ {
            match($0, /[^ ]/); indent = RSTART; inside = 1
            deep = /run:/ ? indent + 2 : indent + 4
            file = sprintf("%s/step-%02d", folder, ++count)
        }' "$1"
}

# As the services start a shell: GitHub ends at the first command that fails, Azure does not.
declare -A shell=([github-actions]='bash -e' [azure-pipelines]='bash --noprofile --norc')
for pipeline in github-actions azure-pipelines; do
    read -ra bash <<<"${shell[$pipeline]}"
    for new in new new-unpatchable no-key; do
        step "$pipeline, $new"
        here=$work/$pipeline-$new
        mkdir -p "$here"/{shipped,fixed}
        cp fixtures/server/old/server.* "$here/shipped"
        cp "fixtures/server/${new/no-key/new}"/server.* "$here/fixed"
        blocks "examples/ci/$pipeline.yml" "$here"
        steps=("$here"/step-*)
        [ ${#steps[@]} = 3 ] || die "${#steps[@]} steps in $pipeline, and not 3"
        failed=
        for one in "${steps[@]}"; do
            (
                cd "$here"
                export OLD=shipped/server.exe NEW=fixed/server.exe ID=CVE-2026-1234
                export CVE=CVE-2026-1234 REPOSITORY=https://example.com/server REVISION=0123abcd
                [ "$new" != no-key ] || HOTPATCH_PASSPHRASE='not the one'
                HOTPATCH_KEY=$(cat "$work/key.pem") KEY=$work/key.pem "${bash[@]}" "$one"
            ) || { failed=${one##*/} && break; }
        done
        if [ "$new" = new ]; then
            [ -z "$failed" ] || die "$pipeline: $failed failed"
            for file in CVE-2026-1234.{hpk,intoto.json,openvex.json} hotpatch.sarif diff.html coverage.json; do
                [ -s "$here/$file" ] || die "$pipeline made no $file"
            done
            [ ! -e "$here/key.pem" ] || die "$pipeline left the key"
        elif [ "$new" = no-key ]; then
            [ "$failed" = step-03 ] || die "$pipeline went on without a key"
        else
            [ "$failed" = step-01 ] || die "$pipeline went on with a change that cannot be applied live"
            [ -s "$here/hotpatch.sarif" ] || die "$pipeline made no hotpatch.sarif"
        fi
    done
done
echo "ok"
