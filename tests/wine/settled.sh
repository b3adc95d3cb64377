#!/usr/bin/env bash
# Runs a command with its memory where it always is:  tests/wine/settled.sh WINE PROGRAM.exe ...
#
# Since version 6.9 Linux puts the heap of a program anywhere in the GiB behind it. Some builds
# of Wine (Debian's, which comes without Wine's preloader) are linked at 0x7d000000, so that
# GiB has the page at 0x7ffe0000 in it, which belongs to Windows. One program in some thousands
# has its heap there and ends with exit code 1 before it begins ("failed to map the shared user
# data"); whoever starts it from another program under Wine is told "Internal error" (1359).
# Without address randomisation the heap follows the program at once.
set -euo pipefail

if setarch -R true 2>/dev/null; then
    exec setarch -R "$@"
fi
# A container may forbid it. Then it stays at one in some thousands.
exec "$@"
