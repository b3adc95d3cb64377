# Those of the values that begin with what was typed, quoted where the shell needs it.
function Complete-Word {
    param([string] $Word, [string[]] $Values)

    $begin = $Word.Trim('''"')
    $fitting = $Values | Where-Object { $_ -like ([wildcardpattern]::Escape($begin) + '*') }
    foreach ($value in $fitting | Sort-Object -Unique) {
        $text = if ($value -match '^[\w.\-]+$') { $value } else { "'" + ($value -replace "'", "''") + "'" }
        New-Object System.Management.Automation.CompletionResult $text, $value, 'ParameterValue', $value
    }
}
