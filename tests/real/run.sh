#!/usr/bin/env bash
# Builds real libraries before and after each security fix, and lets the oracle judge what
# `hotpatch diff` says of every pair:  tests/real/run.sh
#
# tests/real/pairs.sh has the options. The table goes to standard output.
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
choose_native_toolchain
tests/real/pairs.sh target/real
step "hotpatch diff and the oracle"
HOTPATCH_REAL=$root/target/real "${native_cargo[@]}" test --locked --test real -- --nocapture
