# Detection script of an Intune remediation: whether every process of this machine is what the store
# of hotpatch packages and the policy ask for. One line of output; 0 where it is, 1 where it is not
# or could not be told. Run it as the system, in 64-bit PowerShell.

# With 'Stop', Windows PowerShell 5.1 makes an error of each line on standard error.
$ErrorActionPreference = 'Continue'
$program = if ($env:HOTPATCH_EXE) { $env:HOTPATCH_EXE }
else { Join-Path $env:ProgramFiles 'hotpatch\hotpatch.exe' }
try {
    $report = (& $program sync --check --format json 2>$null) -join "`n" | ConvertFrom-Json
    if ($report.schema -eq 'hotpatch.sync/1') {
        $left = @($report.processes | Where-Object { -not $_.as_desired })
        $cves = @($report.processes.cves_open.cve | Sort-Object -Unique)
        $line = "$(@($report.processes).Count) processes, $($left.Count) not as desired"
        if ($left) { $line += ': ' + $left[0].state + ', ' + $left[0].why }
        if ($cves) { $line += ' (open: ' + ($cves -join ' ') + ')' }
    } else {
        $line = "hotpatch: $($report.message)"
    }
    $code = if ($report.in_desired_state -eq $true) { 0 } else { 1 }
} catch {
    $line = "hotpatch did not run: $($_.Exception.Message)"
    $code = 1
}
Write-Output ($line -replace '\s+', ' ')
exit $code
