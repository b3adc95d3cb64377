# Remediation script of an Intune remediation: takes the packages of a folder into the store, where
# HOTPATCH_FROM names one, and brings every process of this machine to the desired state. One line of
# output; 0 where everything is as desired afterwards. Run it as the system, in 64-bit PowerShell.

# With 'Stop', Windows PowerShell 5.1 makes an error of each line on standard error.
$ErrorActionPreference = 'Continue'
$program = if ($env:HOTPATCH_EXE) { $env:HOTPATCH_EXE }
else { Join-Path $env:ProgramFiles 'hotpatch\hotpatch.exe' }
$arguments = 'sync', '--format', 'json'
if ($env:HOTPATCH_FROM) { $arguments += '--from', $env:HOTPATCH_FROM }
try {
    $report = (& $program @arguments 2>$null) -join "`n" | ConvertFrom-Json
    if ($report.schema -eq 'hotpatch.sync/1') {
        $done = @($report.actions | Where-Object { $_.exit_code -eq 0 })
        $line = "$(@($report.actions).Count) operations, $($done.Count) done"
        $failed = @($report.actions | Where-Object { $_.exit_code -ne 0 })
        if ($failed) { $line += ': ' + $failed[0].image + ': ' + $failed[0].outcome }
        if ($report.refused) { $line += '; refused: ' + $report.refused[0].why }
    } else {
        $line = "hotpatch: $($report.message)"
    }
    $code = if ($report.exit_code -eq 0) { 0 } else { 1 }
} catch {
    $line = "hotpatch did not run: $($_.Exception.Message)"
    $code = 1
}
Write-Output ($line -replace '\s+', ' ')
exit $code
