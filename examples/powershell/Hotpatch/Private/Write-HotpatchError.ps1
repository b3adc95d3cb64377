# Writes why something was not done. The error's id is the code of the finding, such as HP519;
# where there is none, the name of the exit code, such as Busy.
function Write-HotpatchError {
    param(
        [System.Management.Automation.PSCmdlet] $Cmdlet,
        # What the program answered.
        $Reply,
        # What was to be done to what, such as "BEAT was not applied to process 4711".
        [string] $What,
        $Target
    )

    $exitCode = $Reply.ExitCode
    $document = $Reply.Document
    $findings = @(Get-Field $document 'findings') + @(Get-Field (Get-Field $document 'verdict') 'findings')
    $findings = @($findings | Where-Object { $null -ne $_ -and $_.severity -ne 'note' })
    # The one that weighs most gives the id.
    $first = @($findings | Where-Object { $_.severity -eq 'refuse' }) + $findings | Select-Object -First 1
    $blockers = @(Get-Field $document 'blocked_by' | Where-Object { $null -ne $_ })
    $hint = Get-Field $document 'hint'
    $id = Get-HotpatchExitName $exitCode

    if ($first) {
        $id = $first.code
        $why = @($findings | ForEach-Object { "$($_.code) $($_.title): $($_.detail)" }) -join "`n"
        $hint = $first.remedy
    } elseif ($blockers) {
        $why = @($blockers | ForEach-Object { "thread $($_.thread) was in $($_.function)" }) -join "`n"
        $hint = 'Try again later or with a longer -Timeout. -AllowOnStack lets calls of a function end in the old version.'
    } elseif (Get-Field $document 'message') {
        $why = @(@($document.message) + @(Get-Field $document 'causes') | Where-Object { $_ }) -join ': '
    } elseif ($Reply.Errors) {
        $why = $Reply.Errors.Trim()
    } else {
        $why = "hotpatch ended with exit code $exitCode"
    }
    $record = New-HotpatchError -Id $id -Category (Get-HotpatchErrorCategory $exitCode) `
        -Message "${What}: $why" -Hint $hint -Target $Target
    $Cmdlet.WriteError($record)
}
