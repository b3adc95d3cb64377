# One string for System.Diagnostics.Process that the program reads as exactly these arguments,
# by the rules of CommandLineToArgvW. Windows PowerShell 5.1 has no list for them.
function ConvertTo-CommandLine {
    param([AllowEmptyCollection()] [AllowEmptyString()] [string[]] $Arguments)

    $quoted = foreach ($argument in $Arguments) {
        if ($argument -match '^[^\s"]+$') {
            $argument
        } else {
            # Backslashes count only where a quotation mark follows: those are doubled.
            $text = $argument -replace '(\\*)"', '$1$1\"' -replace '(\\+)$', '$1$1'
            '"' + $text + '"'
        }
    }
    $quoted -join ' '
}
