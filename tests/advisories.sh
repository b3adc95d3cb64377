#!/usr/bin/env bash
# Known vulnerabilities, licences and sources of the dependencies:  tests/advisories.sh
#
# Uses what is installed of cargo-deny and cargo-audit. Says so where neither is, or where
# the advisory database (a git repository on GitHub) cannot be reached; with
# HOTPATCH_ADVISORIES=required, which the GitHub workflow sets, that is an error.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

# Says what was not checked.
unchecked() {
    [ "${HOTPATCH_ADVISORIES:-}" != required ] || die "$*"
    note "NOT CHECKED: $*"
}

locks=(Cargo.toml tests/fuzz/Cargo.toml)
config=$root/.cargo/deny.toml
checked=
if have cargo-deny; then
    for manifest in "${locks[@]}"; do
        cargo deny --manifest-path "$manifest" --locked check --config "$config" bans licenses sources
        if cargo deny --manifest-path "$manifest" --locked fetch --config "$config" db; then
            cargo deny --manifest-path "$manifest" --locked check --config "$config" --disable-fetch advisories
            checked=cargo-deny
        fi
    done
fi
if have cargo-audit; then
    database=$root/target/advisory-db
    if [ -d "$database" ] || git clone -q --depth 1 https://github.com/rustsec/advisory-db "$database"; then
        for manifest in "${locks[@]}"; do
            cargo audit --db "$database" --no-fetch --deny warnings --file "${manifest%.toml}.lock"
        done
        checked="${checked:+$checked and }cargo-audit"
    fi
fi
if [ -n "$checked" ]; then
    note "advisories: nothing found by $checked"
elif have cargo-deny || have cargo-audit; then
    unchecked "known vulnerabilities: the advisory database cannot be reached"
else
    unchecked "known vulnerabilities: neither cargo-deny nor cargo-audit is installed (cargo install --locked cargo-deny); licences and sources are checked by tests/licences.rs"
fi
