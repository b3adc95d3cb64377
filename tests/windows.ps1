#Requires -Version 5.1
<#
.SYNOPSIS
All tests that need a real Windows, in one command: tests\windows.ps1

.DESCRIPTION
Runs the tests, the quickstart, and the long tests against running programs: storm (patches
under load), kill (hotpatch dies at every step), hostile (programs that make patching hard) and
freeze (for how long a program stands still). Then prints one page that says what this machine
is and what was measured on it, and leaves it in target\windows\page.txt. Please send that page
with a report, whatever it says.

Needs a Rust toolchain (rustup's stable for Windows x64) and installs nothing. Everything it
makes is in target\. Of every step the whole output is in target\windows\STEP.log. If scripts
are not allowed to run:

    powershell -ExecutionPolicy Bypass -File tests\windows.ps1

The exit code is 0 where every step passed, else 1.

.PARAMETER Only
The steps to run: tests, scheduler, quickstart, storm, kill, hostile, freeze. Without it, all of them.

.PARAMETER Long
As many cycles, kills and rounds as before a release: several hours instead of some minutes.

.PARAMETER Cargo
What is run as cargo, with what comes before its command.

.PARAMETER TargetArguments
More arguments for cargo, such as --target, where it is not to build for this machine.

.EXAMPLE
tests\windows.ps1

.EXAMPLE
tests\windows.ps1 -Only storm, kill -Long
#>
[CmdletBinding()]
param(
    [ValidateSet('tests', 'scheduler', 'quickstart', 'storm', 'kill', 'hostile', 'freeze')]
    [string[]] $Only = @('tests', 'scheduler', 'quickstart', 'storm', 'kill', 'hostile', 'freeze'),
    [switch] $Long,
    [string[]] $Cargo = @('cargo'),
    [string[]] $TargetArguments = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

$root = Split-Path -Parent $PSScriptRoot
$logs = Join-Path (Join-Path $root 'target') 'windows'
$pageFile = Join-Path $logs 'page.txt'
$page = New-Object System.Collections.Generic.List[string]

# How much is done: for every change, and before a release. As tests/*/run.sh have it.
$amounts = @{
    HOTPATCH_STORM_CYCLES = @(40, 10000)
    HOTPATCH_KILLS = @(1, 100)
    HOTPATCH_RANDOM_KILLS = @(8, 500)
    HOTPATCH_EXITS = @(8, 200)
    HOTPATCH_CALL_KILLS = @(40, 300)
    HOTPATCH_HANGS = @(1, 100)
    HOTPATCH_FREEZE_THREADS = @('1 16', '1 16 64 256')
    HOTPATCH_FREEZE_FUNCTIONS = @('1 1000', '1 100 1000')
    HOTPATCH_FREEZE_ROUNDS = @(3, 15)
}

# What of the output of a step belongs on the page.
$figures = @{
    tests = '^test result: |^     Running |\.\.\. FAILED$|^    [a-z_0-9:]+$'
    quickstart = '^  ok |failed'
    storm = '^[a-z][a-z %/()]*: |^  (apply|replace|rollback|revert|in all) |^FAILED'
    kill = '^[a-z][a-z ]*: |^FAILED'
    hostile = '^test |frozen for|^FAILED'
    freeze = '^ *[0-9]+ +[0-9]+ \||^threads|^FAILED'
}

function Add-Line([string] $Text = '') { $page.Add($Text) }

# One value of the machine; what cannot be asked is no reason to stop.
function Add-Fact([string] $Name, [scriptblock] $Value) {
    $text = 'not known'
    try { $text = (@(& $Value) -join ', ') } catch { $text = "not known: $(("$_" -split "`n")[0])" }
    Add-Line ('{0,-12} {1}' -f $Name, $text)
}

function Add-Machine {
    Add-Line 'hotpatch on Windows'
    Add-Line ''
    Add-Fact 'date' { (Get-Date).ToUniversalTime().ToString('yyyy-MM-dd HH:mm') + ' UTC' }
    Add-Fact 'commit' { Push-Location $root; try { & git rev-parse HEAD 2>$null } finally { Pop-Location } }
    Add-Fact 'system' {
        $os = Get-CimInstance Win32_OperatingSystem
        "$($os.Caption) $($os.Version) $($os.OSArchitecture)"
    }
    Add-Fact 'processors' {
        Get-CimInstance Win32_Processor | ForEach-Object { "$($_.Name.Trim()) x $($_.NumberOfLogicalProcessors)" }
    }
    Add-Fact 'memory' {
        $bytes = (Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory
        '{0:0.0} GiB' -f ($bytes / 1GB)
    }
    Add-Fact 'elevated' {
        $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
        $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    }
    Add-Fact 'protection' {
        Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct | ForEach-Object { $_.displayName }
    }
    Add-Fact 'system-wide' {
        $all = Get-ProcessMitigation -System
        "CFG $($all.CFG.Enable), shadow stacks $($all.UserShadowStack.UserShadowStack)"
    }
    Add-Fact 'rust' { $program, $rest = $Cargo; & $program @rest --version }
    Add-Fact 'PowerShell' { $PSVersionTable.PSVersion.ToString() }
    Add-Line ''
}

# Runs a command with its output on the screen and in the step's log; whether it ended with 0.
function Invoke-Logged([string] $Step, [string[]] $Command) {
    $log = Join-Path $logs "$Step.log"
    $program, $arguments = $Command
    # What a program writes to standard error is no reason to stop.
    $ErrorActionPreference = 'Continue'
    $global:LASTEXITCODE = 1
    & $program @arguments 2>&1 | ForEach-Object { "$_" } | Tee-Object -FilePath $log -Append | Out-Host
    $LASTEXITCODE -eq 0
}

function Invoke-Cargo([string] $Step, [string[]] $Arguments) {
    $separator = [array]::IndexOf($Arguments, '--')
    if ($separator -ge 0) {
        $before = $Arguments[0..($separator - 1)]
        $after = $Arguments[$separator..($Arguments.Count - 1)]
    } else {
        $before = $Arguments
        $after = @()
    }
    Invoke-Logged $Step ($Cargo + $before + $TargetArguments + $after)
}

function Invoke-Step([string] $Step) {
    switch ($Step) {
        'tests' { return Invoke-Cargo $Step @('test', '--locked', '--no-fail-fast') }
        'scheduler' { return Invoke-Cargo $Step @('test', '--locked', '--lib', 'scheduler', '--', '--ignored') }
        'quickstart' {
            # The PowerShell that runs this script.
            $shell = (Get-Process -Id $PID).Path
            $script = Join-Path (Join-Path $root 'examples') 'quickstart.ps1'
            return Invoke-Logged $Step @($shell, '-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', $script)
        }
        'hostile' { return Invoke-Cargo $Step @('test', '--locked', '--test', 'hostile', '--', '--nocapture') }
        default { return Invoke-Cargo $Step @('test', '--locked', '--test', $Step) }
    }
}

function Set-Amounts {
    foreach ($name in $amounts.Keys) {
        $value = $amounts[$name][[int] $Long.IsPresent]
        if (-not (Test-Path "env:$name")) { Set-Item "env:$name" "$value" }
    }
}

New-Item $logs -ItemType Directory -Force | Out-Null
$saved = @{}
foreach ($name in $amounts.Keys) { $saved[$name] = [Environment]::GetEnvironmentVariable($name) }
$failed = New-Object System.Collections.Generic.List[string]
Push-Location $root
try {
    Set-Amounts
    Add-Machine
    foreach ($step in $Only) {
        Write-Host "`n== $step" -ForegroundColor White
        $log = Join-Path $logs "$step.log"
        New-Item $log -ItemType File -Force | Out-Null
        $since = Get-Date
        $passed = $false
        try { $passed = [bool] (Invoke-Step $step) } catch { "$_" | Tee-Object -FilePath $log -Append | Out-Host }
        $seconds = [int] ((Get-Date) - $since).TotalSeconds
        if ($passed) { $word = 'passed' } else { $word = 'FAILED'; $failed.Add($step) }
        Add-Line "== $step`: $word, $seconds s"
        $lines = @(Get-Content $log | Where-Object { $_ -cmatch $figures[$step] })
        # A page is to be read: of what is too long the end says how it went.
        if ($lines.Count -gt 60) { $lines = @('...') + $lines[-60..-1] }
        foreach ($line in $lines) { Add-Line "  $($line.TrimEnd())" }
        if (-not $passed) {
            Add-Line '  the last lines of the log:'
            foreach ($line in @(Get-Content $log -Tail 25)) { Add-Line "  | $line" }
        }
        Add-Line ''
    }
} finally {
    Pop-Location
    foreach ($name in $saved.Keys) { [Environment]::SetEnvironmentVariable($name, $saved[$name]) }
}

if ($failed.Count -eq 0) { Add-Line 'Everything passed.' } else { Add-Line "FAILED: $($failed -join ', ')" }
[System.IO.File]::WriteAllLines($pageFile, $page)
Write-Host ''
$page | Out-Host
Write-Host "`nThis page is in $pageFile, and every step's output beside it."
if ($failed.Count -ne 0) { exit 1 }
