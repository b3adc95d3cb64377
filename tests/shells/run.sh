#!/usr/bin/env bash
# What hotpatch writes for shells and for `man`, judged by them:  tests/shells/run.sh
#
# A person types half of a command and the tabulator, and the shell runs what comes of it:
# bash and zsh at a terminal; fish and PowerShell through the function behind their key. mandoc
# judges the manual pages. bash has to be there; of the others, what apt-get can't install is
# said to be missing, and so is PowerShell where there is no `pwsh` on the path
# (HOTPATCH_PWSH names another one).
set -euo pipefail

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd "$root"
need bash=bash script=bsdutils
choose_native_toolchain
"${native_cargo[@]}" build --locked --bin hotpatch
hotpatch=$(readlink -f "${CARGO_TARGET_DIR:-target}/debug/hotpatch")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is typed, with <tab> for that key, and the arguments that must come of it.
cases=(
    'cov<tab>old.exe' 'coverage old.exe'
    'sy<tab>--wha<tab>' 'sync --what-if'
    'store rel<tab>FIX' 'store release FIX'
    'diff --format sar<tab>a b' 'diff --format sarif a b'
    'apply --wai<tab>x.hpk' 'apply --wait x.hpk'
    'trust add --role buil<tab>k.pem' 'trust add --role builder k.pem'
    'verify fix.<tab>' 'verify fix.hpk'
)

missing() { # WHAT PACKAGE
    note "${bold}NOT TESTED: $1${plain} (there is none here${2:+, and apt-get has no $2})"
}

# Whether a command is there, or could be installed.
found() { # COMMAND
    have "$1" || { have apt-get && apt_knows "$1" && install_packages "$1"; }
}

# Compares the arguments with which the shell ran each command with those that must come.
judge() { # SHELL FILE
    local i wanted said count=0
    for ((i = 1; i < ${#cases[@]}; i += 2)); do
        wanted="RAN${cases[i]:+ ${cases[i]}}"
        count=$((count + 1))
        said=$(sed -n "${count}p" "$2")
        [ "$said" = "$wanted" ] || die "$1: '${cases[i - 1]}' became '$said', not '$wanted'"
    done
    note "$1 completes $count of $count command lines"
}

# Types every command at a terminal.
type_at() { # SHELL COMMAND
    local i keys
    for ((i = 0; i < ${#cases[@]}; i += 2)); do
        keys=${cases[i]//<tab>/$'\t'}
        printf 'hotpatch %s\n' "$keys"
    done >"$work/typed"
    printf 'exit\n' >>"$work/typed"
    # What runs instead of hotpatch says with which arguments; the terminal's echo does not.
    (cd "$work" && TERM=dumb script -qec "$2" /dev/null <"$work/typed") |
        tr -d '\r' | grep -o 'RAN\( [^ ]\+\)*' >"$work/$1.said" || true
    judge "$1" "$work/$1.said"
}

touch "$work/fix.hpk"
# shellcheck disable=SC2016 # the shells expand it
ran='hotpatch() { echo RAN "$@"; }'

step "bash"
"$hotpatch" completions bash >"$work/hotpatch.bash"
bash -n "$work/hotpatch.bash"
printf '. %q\n%s\n' "$work/hotpatch.bash" "$ran" >"$work/rc.bash"
type_at bash "bash --noprofile --rcfile $work/rc.bash -i"

step "zsh"
if found zsh; then
    mkdir "$work/zsh"
    "$hotpatch" completions zsh >"$work/zsh/_hotpatch"
    zsh -n "$work/zsh/_hotpatch"
    # shellcheck disable=SC2016 # zsh expands it
    printf 'fpath=(%q $fpath)\nautoload -Uz compinit\ncompinit -u -D\n%s\n' "$work/zsh" "$ran" \
        >"$work/zsh/.zshrc"
    type_at zsh "ZDOTDIR=$work/zsh zsh -d -i"
else
    missing zsh zsh
fi

# Has every command line completed by a command that is asked with the line up to the cursor,
# and prints what the last word of it becomes.
complete_by() { # SHELL COMMAND...
    local i line rest word
    for ((i = 0; i < ${#cases[@]}; i += 2)); do
        line='hotpatch ' rest=${cases[i]}
        while [[ $rest == *'<tab>'* ]]; do
            line+=${rest%%<tab>*}
            rest=${rest#*<tab>}
            word=$(cd "$work" && "${@:2}" "$line")
            line="${line% *} ${word#./} "
        done
        line=RAN${line#hotpatch}$rest
        printf '%s\n' "${line% }"
    done >"$work/$1.said"
    judge "$1" "$work/$1.said"
}

step "fish"
if found fish; then
    "$hotpatch" completions fish >"$work/hotpatch.fish"
    fish -n "$work/hotpatch.fish"
    # shellcheck disable=SC2016 # fish expands it
    printf '%s\n' 'source hotpatch.fish' 'complete -C $argv[1] | head -n 1 | cut -f 1' \
        >"$work/ask.fish"
    HOME=$work complete_by fish fish --no-config "$work/ask.fish"
else
    missing fish fish
fi

step "PowerShell"
pwsh=${HOTPATCH_PWSH:-pwsh}
if have "$pwsh"; then
    "$hotpatch" completions powershell >"$work/hotpatch.ps1"
    # shellcheck disable=SC2016 # PowerShell expands it
    printf '%s\n' 'param([string] $Line)' '$ErrorActionPreference = "Stop"' '. ./hotpatch.ps1' \
        '(TabExpansion2 $Line $Line.Length).CompletionMatches[0].CompletionText' >"$work/ask.ps1"
    # What clap writes for PowerShell knows commands and options, and no values of options.
    for ((i = ${#cases[@]} - 2; i >= 0; i -= 2)); do
        [[ ! ${cases[i]} =~ --[a-z]+' '[a-z]+'<tab>' ]] || cases=("${cases[@]:0:i}" "${cases[@]:i+2}")
    done
    complete_by PowerShell "$pwsh" -NoProfile -NonInteractive -File ask.ps1
else
    missing PowerShell
fi

step "Manual pages"
"$hotpatch" man "$work/man" >/dev/null
if found mandoc; then
    # Not known to be wrong: no date, and the space before a list of values.
    mandoc -T lint -W warning "$work"/man/*.1 >"$work/lint" || true
    grep -v 'missing date\|skipping paragraph macro: br' "$work/lint" && die "mandoc has found that"
    mandoc -T ascii "$work/man/hotpatch.1" | sed $'s/.\b//g' >"$work/page"
    for heading in NAME SYNOPSIS DESCRIPTION OPTIONS SUBCOMMANDS 'EXIT STATUS' ENVIRONMENT; do
        grep -qx "$heading" "$work/page" || die "hotpatch.1 has no $heading"
    done
    note "mandoc: $(printf '%s\n' "$work"/man/*.1 | wc -l) pages, nothing found"
else
    missing "mandoc's opinion of the manual pages" mandoc
fi
