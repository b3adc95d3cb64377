#Requires -Version 5.1
<#
.SYNOPSIS
hotpatch in one command on Windows, from a bare clone: examples\quickstart.ps1

.DESCRIPTION
Builds hotpatch, starts a server with a memory disclosure, connects one client, and fixes
the server while that client stays connected; then takes the fix out again. Every step
checks what it shows: the script ends with exit code 0 only if all of it happened.

Needs a Rust toolchain (rustup's stable for Windows x64) and installs nothing. Everything
it makes is in target\. If scripts are not allowed to run:

    powershell -ExecutionPolicy Bypass -File examples\quickstart.ps1

It does what examples/quickstart.sh does on Linux under Wine. That one is run for every
change; this one was written without a Windows machine at hand. If it does not work for
you, please tell us what it printed.
#>

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

$root = Split-Path -Parent $PSScriptRoot
$work = Join-Path $root 'target\quickstart'
$old = Join-Path $root 'fixtures\server\old\server.exe'
$new = Join-Path $root 'fixtures\server\new\server.exe'
$package = Join-Path $work 'fix.hpk'
$key = Join-Path $work 'release.pem'
$publicKey = Join-Path $work 'release.pub.pem'

$script:server = $null
$script:client = $null
$script:reader = $null
$script:writer = $null
$script:output = ''
$script:answer = ''

function Write-Chapter([string] $Text) { Write-Host "`n$Text`n" -ForegroundColor White }
function Write-Proven([string] $Text) { Write-Host '  ok ' -ForegroundColor Green -NoNewline; Write-Host $Text }
function Stop-Quickstart([string] $Text) { throw "quickstart failed: $Text" }

# Runs hotpatch and shows its command line and its output, which stays in $script:output.
function Invoke-Hotpatch {
    param([int] $Expected, [string[]] $Arguments)
    Write-Host "  > hotpatch $($Arguments -join ' ')"
    # What a program writes to standard error is no reason to stop.
    $ErrorActionPreference = 'Continue'
    $lines = @(& $script:hotpatch @Arguments 2>&1 | ForEach-Object { "$_" })
    $status = $LASTEXITCODE
    $ErrorActionPreference = 'Stop'
    foreach ($line in $lines) { Write-Host "    $line" -ForegroundColor DarkGray }
    $script:output = $lines -join "`n"
    if ($status -ne $Expected) {
        Stop-Quickstart "hotpatch $($Arguments[0]) ended with exit code $status where $Expected was expected"
    }
}

function Assert-Output([string] $Text, [string] $Meaning) {
    if (-not $script:output.Contains($Text)) {
        Stop-Quickstart "the output above does not say '$Text' ($Meaning)"
    }
    Write-Proven $Meaning
}

# Sends one line over the client's only connection; the answer is in $script:answer.
function Send-Line([string] $Line) {
    $script:writer.Write("$Line`n")
    $script:writer.Flush()
    $script:answer = $script:reader.ReadLine()
    if ($null -eq $script:answer) { Stop-Quickstart "the server did not answer '$Line'" }
    Write-Host "    > $Line" -ForegroundColor DarkGray
    Write-Host "    < $($script:answer -replace '\.{5,}', ' ... ')" -ForegroundColor DarkGray
}

function Assert-Answer([string] $Pattern, [string] $Meaning) {
    if ($script:answer -cnotlike $Pattern) {
        Stop-Quickstart "the server answered '$($script:answer)' ($Meaning)"
    }
    Write-Proven $Meaning
}

function Get-AnswerNumber([string] $Name) {
    if ($script:answer -match " $([regex]::Escape($Name))=(\d+)") { return [int64] $Matches[1] }
    Stop-Quickstart "the server's answer has no '$Name'"
}

# The frozen time in the output, in milliseconds.
function Get-FrozenTime {
    foreach ($line in $script:output -split "`n") {
        if ($line -match 'frozen for (\d+) us') { return ('{0:0.0} ms' -f ([int64] $Matches[1] / 1000)) }
    }
    Stop-Quickstart 'hotpatch did not say for how long the server was frozen'
}

function Build-Hotpatch {
    Write-Chapter '1. Build hotpatch'
    Push-Location $root
    try {
        $ErrorActionPreference = 'Continue'
        & cargo build --locked --bin hotpatch
        $status = $LASTEXITCODE
    } finally {
        Pop-Location
    }
    if ($status -ne 0) { Stop-Quickstart "cargo build ended with exit code $status" }
    $target = Join-Path $root 'target'
    if ($env:CARGO_TARGET_DIR) { $target = $env:CARGO_TARGET_DIR }
    $script:hotpatch = Join-Path $target 'debug\hotpatch.exe'
    if (Test-Path $work) { Remove-Item $work -Recurse -Force }
    New-Item $work -ItemType Directory -Force | Out-Null
}

# Starts the old server and connects the client.
function Start-Server {
    Write-Chapter '2. A server is running, and a client is connected'
    $log = Join-Path $work 'server.log'
    $script:server = Start-Process -FilePath $old -RedirectStandardOutput $log -PassThru -WindowStyle Hidden
    $port = 0
    for ($try = 0; $try -lt 100 -and $port -eq 0; $try++) {
        Start-Sleep -Milliseconds 100
        $text = ''
        if (Test-Path $log) { $text = Get-Content $log -Raw }
        if ($text -match 'listening port=(\d+) pid=(\d+)') { $port = [int] $Matches[1] }
    }
    if ($port -eq 0) { Stop-Quickstart 'the server did not start within 10 s' }
    $script:client = New-Object System.Net.Sockets.TcpClient '127.0.0.1', $port
    $stream = $script:client.GetStream()
    $stream.ReadTimeout = 15000
    $ascii = [System.Text.Encoding]::ASCII
    $script:reader = New-Object System.IO.StreamReader $stream, $ascii
    $script:writer = New-Object System.IO.StreamWriter $stream, $ascii
    Write-Host "  Process $($script:server.Id), port $port. This connection stays open to the end."
    Write-Host ''
}

# The package with its last byte changed.
function New-TamperedPackage {
    $bytes = [System.IO.File]::ReadAllBytes($package)
    $bytes[$bytes.Length - 1] = $bytes[$bytes.Length - 1] -bxor 1
    $path = Join-Path $work 'tampered.hpk'
    [System.IO.File]::WriteAllBytes($path, $bytes)
    return $path
}

function Invoke-Quickstart {
    Build-Hotpatch
    Start-Server
    $processId = [string] $script:server.Id

    Send-Line 'VERSION'
    Assert-Answer 'OK line-server 1.4.2' 'the old version answers'
    Send-Line 'SET city Reykjavik'
    Assert-Answer 'OK' 'the server holds something in memory that a restart would lose'
    Send-Line 'STATS'
    $session = Get-AnswerNumber 'session'
    $requests = Get-AnswerNumber 'session-requests'

    Write-Chapter '3. The bug: BEAT trusts the length that the client claims'
    Send-Line 'BEAT 5 hello'
    Assert-Answer 'OK hello' 'an honest request is answered'
    Send-Line 'BEAT 200 hi'
    Assert-Answer '*operator-key=*' "a dishonest one gets the operator's key out of the server's memory"

    Write-Chapter "4. At the release engineer's desk: what changed, and can it be patched?"
    Invoke-Hotpatch 0 @('diff', $old, $new)
    Assert-Output 'handle_beat' 'the fixed function was found'
    Assert-Output 'refuse_beat' 'and the new one that it calls'

    Write-Chapter '5. Make a key, build the signed patch, look at it'
    Invoke-Hotpatch 0 @('keygen', '-o', $key)
    Invoke-Hotpatch 0 @('build', $old, $new, '-o', $package, '--key', $key, '--id', 'beat-1.4.3')
    Invoke-Hotpatch 0 @('inspect', $package)
    Assert-Output 'handle_beat' 'the package names what it replaces'
    Invoke-Hotpatch 0 @('verify', $package, '--key', $key)
    Write-Proven 'the signature is good'
    Invoke-Hotpatch 5 @('verify', (New-TamperedPackage), '--key', $key)
    Write-Proven 'a package with one changed byte is refused'

    Write-Chapter "6. At the administrator's machine: would it apply?"
    Invoke-Hotpatch 0 @('check', '--pid', $processId, $package, '--key', $publicKey)
    Send-Line 'VERSION'
    Assert-Answer 'OK line-server 1.4.2' 'check changed nothing'

    Write-Chapter '7. Apply it to the running server'
    Invoke-Hotpatch 0 @('apply', '--pid', $processId, $package, '--key', $publicKey)
    $applyFrozen = Get-FrozenTime
    Write-Host "`n  The same connection, the same process:"
    Send-Line 'BEAT 200 hi'
    Assert-Answer 'ERR BEAT asks for 200 bytes of a text of 2' 'the leak is gone'
    Send-Line 'BEAT 5 hello'
    Assert-Answer 'OK hello' 'an honest request is answered as before'
    Send-Line 'VERSION'
    Assert-Answer 'OK line-server 1.4.3' 'the new version answers'
    Send-Line 'GET city'
    Assert-Answer 'OK Reykjavik' 'what the server held in memory is still there'
    Send-Line 'STATS'
    if ((Get-AnswerNumber 'session') -ne $session) { Stop-Quickstart 'this is not the same session any more' }
    if ((Get-AnswerNumber 'session-requests') -ne $requests + 8) { Stop-Quickstart 'the request counter was lost' }
    if ((Get-AnswerNumber 'refused') -ne 1) { Stop-Quickstart 'the new code did not count in the old variable' }
    Write-Proven "the session's counter went on from $requests to $($requests + 8); new code counts in old variables"
    Invoke-Hotpatch 0 @('apply', '--pid', $processId, $package, '--key', $publicKey)
    Write-Proven 'applying it once more does no harm'

    Write-Chapter '8. Which processes have which patches?'
    Invoke-Hotpatch 0 @('status', '--pid', $processId)
    Assert-Output 'beat-1.4.3' 'the running process itself knows'

    Write-Chapter '9. Take it out again'
    Invoke-Hotpatch 0 @('revert', '--pid', $processId, '--id', 'beat-1.4.3')
    $revertFrozen = Get-FrozenTime
    Write-Host ''
    Send-Line 'VERSION'
    Assert-Answer 'OK line-server 1.4.2' 'the old version answers again, on the same connection'
    Send-Line 'BEAT 200 hi'
    Assert-Answer '*operator-key=*' 'with the old bug'
    Send-Line 'GET city'
    Assert-Answer 'OK Reykjavik' 'and with everything it held in memory'
    Send-Line 'SHUTDOWN'
    if (-not $script:server.WaitForExit(10000)) { Stop-Quickstart 'the server did not end' }

    Write-Chapter 'Done.'
    Write-Host '  One server process, one connection, from the first line to the last.'
    Write-Host "  All its threads stood still for $applyFrozen to apply and $revertFrozen to revert."
    Write-Host "  The package, its key and the server's log are in $work."
}

$status = 1
try {
    [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
    Invoke-Quickstart
    $status = 0
} catch {
    Write-Host "`n  $_" -ForegroundColor Red
} finally {
    if ($script:client) { $script:client.Close() }
    if ($script:server -and -not $script:server.HasExited) { $script:server.Kill() }
}
exit $status
