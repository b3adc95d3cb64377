# The name of a program as Get-Process says it: its file name without .exe.
function Get-FileStem {
    param([string] $Path)

    (($Path -split '[\\/]')[-1]) -replace '\.exe$', ''
}
