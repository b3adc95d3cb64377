# A document as an object, or nothing where the text is none.
#
# The program escapes every character that acts on a terminal. Reading JSON would bring them
# back, so that the escapes become question marks first.
function ConvertFrom-HotpatchJson {
    param([string] $Text)

    if (-not $Text) { return }
    $harmless = $Text -replace '(?<=(?<!\\)(?:\\\\)*)\\(?:u[0-9a-fA-F]{4}|[bfr])', '?'
    try {
        ConvertFrom-Json -InputObject $harmless
    } catch {
        Write-Verbose "this is no JSON document: $harmless"
    }
}
