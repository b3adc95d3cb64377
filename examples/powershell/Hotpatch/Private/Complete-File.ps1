# Folders, and files of a kind, that begin with what was typed.
function Complete-File {
    param([string] $Word, [string] $Pattern)

    $begin = $Word.Trim('''"')
    foreach ($result in [System.Management.Automation.CompletionCompleters]::CompleteFilename($begin)) {
        if ($result.ResultType -eq 'ProviderContainer' -or $result.ListItemText -like $Pattern) { $result }
    }
}
