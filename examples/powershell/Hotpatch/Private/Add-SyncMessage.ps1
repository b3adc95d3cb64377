# The same answer of sync with a message that says what is not as desired.
function Add-SyncMessage {
    param($Reply)

    $document = $Reply.Document
    if ($null -eq (Get-Field $document 'in_desired_state')) { return $Reply }
    $causes = @($document.refused | ForEach-Object { "$($_.path): $($_.why)" })
    $causes += @($document.processes | Where-Object { -not $_.as_desired } |
        ForEach-Object { "$(Get-FileStem $_.image) ($($_.pid)) is $($_.state): $($_.why)" })
    $message = [pscustomobject] @{
        message = $causes -join "`n"
        causes  = @()
        hint    = 'Get-HotpatchState says what to do about each process.'
    }
    [pscustomobject] @{ ExitCode = $Reply.ExitCode; Document = $message; Errors = $Reply.Errors }
}
