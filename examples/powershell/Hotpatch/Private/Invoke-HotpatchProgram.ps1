# Runs the program with --format json and answers with its exit code and its document.
#
# Not with the call operator: Windows PowerShell 5.1 makes errors of what a program writes to
# standard error, and newer ones stop at an exit code where a preference says so.
function Invoke-HotpatchProgram {
    param(
        [System.Management.Automation.PSCmdlet] $Cmdlet,
        [string[]] $Arguments,
        # What the user is waiting for, where that can take a while.
        [string] $Activity
    )

    $program = Find-HotpatchProgram -Cmdlet $Cmdlet
    $command = "hotpatch $($Arguments -join ' ')"
    Write-Verbose "$command ($program)"

    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $program
    $start.Arguments = ConvertTo-CommandLine ($Arguments + @('--format', 'json'))
    $start.WorkingDirectory = (Get-Location -PSProvider FileSystem).ProviderPath
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = New-Object System.Text.UTF8Encoding $false
    $start.StandardErrorEncoding = New-Object System.Text.UTF8Encoding $false

    $process = New-Object System.Diagnostics.Process
    $process.StartInfo = $start
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    try {
        [void] $process.Start()
        # Nobody is asked anything: a passphrase comes from $env:HOTPATCH_PASSPHRASE.
        $process.StandardInput.Close()
        $out = $process.StandardOutput.ReadToEndAsync()
        $err = $process.StandardError.ReadToEndAsync()
        while (-not $process.WaitForExit(100)) {
            if ($Activity -and $clock.ElapsedMilliseconds -ge 500) {
                $seconds = [int] $clock.Elapsed.TotalSeconds
                Write-Progress -Activity $Activity -Status "$seconds s" -CurrentOperation $command
            }
        }
        $process.WaitForExit()
        $text = $out.Result
        $notes = $err.Result
        $exitCode = $process.ExitCode
    } finally {
        if ($Activity) { Write-Progress -Activity $Activity -Completed }
        $process.Dispose()
    }
    Write-Verbose "hotpatch ended with exit code $exitCode after $($clock.ElapsedMilliseconds) ms"
    foreach ($line in ($notes -split '\r?\n')) {
        $line = Protect-Text $line
        if ($line -match '^warning: (.*)') { Write-Warning $Matches[1] }
        elseif ($line) { Write-Verbose $line }
    }
    [pscustomobject] @{
        ExitCode = $exitCode
        Document = ConvertFrom-HotpatchJson $text
        Errors   = Protect-Text $notes
    }
}
