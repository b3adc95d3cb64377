# Text in which no character acts on a terminal; names in images and packages can be hostile.
function Protect-Text {
    param([string] $Text)

    $Text -replace '[\p{Cc}\p{Cf}\u2028\u2029-[\n\t]]', '?'
}
