# An error record with a message and advice.
function New-HotpatchError {
    param(
        [string] $Id,
        [System.Management.Automation.ErrorCategory] $Category,
        [string] $Message,
        [string] $Hint,
        $Target
    )

    $exception = New-Object System.InvalidOperationException $Message
    $record = New-Object System.Management.Automation.ErrorRecord $exception, $Id, $Category, $Target
    # PowerShell 7 shows the advice by itself, Windows PowerShell 5.1 does not.
    $text = $Message
    if ($Hint -and $PSVersionTable.PSEdition -eq 'Desktop') { $text = "$Message`n$Hint" }
    $record.ErrorDetails = New-Object System.Management.Automation.ErrorDetails $text
    if ($Hint) { $record.ErrorDetails.RecommendedAction = $Hint }
    $record
}
