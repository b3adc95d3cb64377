# What the tests share: a server that is patched, and how it is asked. Dot-sourced.
#
# PowerShell for Linux does not see the processes of Wine. There, servers are started by
# HOTPATCH_TEST_RUN, which also says their process ids, and objects stand in for those of
# Get-Process; PowerShell for Windows has the real ones.

$root = Split-Path -Parent (Split-Path -Parent $PSScriptRoot)
$module = [System.IO.Path]::Combine($root, 'examples', 'powershell', 'Hotpatch', 'Hotpatch.psd1')
$work = $env:HOTPATCH_TEST_WORK

# Starts work/NAME.exe and connects to it.
function Start-TestServer {
    param([string] $Name = 'server')

    $log = Join-Path $work "$Name-$([guid]::NewGuid()).log"
    $program = [System.IO.Path]::Combine($work, 'shipped', "$Name.exe")
    $arguments = @{ RedirectStandardOutput = $log; PassThru = $true }
    $process = if ($IsWindows) { Start-Process -FilePath $program -WindowStyle Hidden @arguments }
    else { Start-Process -FilePath $env:HOTPATCH_TEST_RUN -ArgumentList $program @arguments }
    for ($try = 0; $try -lt 300; $try++) {
        Start-Sleep -Milliseconds 100
        $text = Get-Content $log -Raw -ErrorAction SilentlyContinue
        if ($text -match 'listening port=(\d+) pid=(\d+)') { break }
    }
    if ($text -notmatch 'listening port=(\d+) pid=(\d+)') { throw "$Name did not start: $text" }
    [pscustomobject] @{
        Id          = [int] $Matches[2]
        ProcessName = $Name
        Name        = $Name
        Port        = [int] $Matches[1]
        Process     = $process
        Client      = Connect-TestServer ([int] $Matches[1])
    }
}

function Connect-TestServer {
    param([int] $Port)

    $client = New-Object System.Net.Sockets.TcpClient '127.0.0.1', $Port
    $client.GetStream().ReadTimeout = 15000
    $client
}

# Sends a line; the answer, but where nobody waits for it.
function Send-TestLine {
    param($Client, [string] $Line, [switch] $NoAnswer)

    $bytes = [System.Text.Encoding]::ASCII.GetBytes("$Line`n")
    $stream = $Client.GetStream()
    $stream.Write($bytes, 0, $bytes.Length)
    if ($NoAnswer) { return }
    $answer = New-Object System.Text.StringBuilder
    while (($byte = $stream.ReadByte()) -notin 10, -1) { [void] $answer.Append([char] $byte) }
    $answer.ToString()
}

function Get-TestVersion {
    param($Server)

    Send-TestLine $Server.Client 'VERSION'
}

function Stop-TestServer {
    param($Server)

    if ($null -eq $Server) { return }
    Send-TestLine $Server.Client 'SHUTDOWN' -NoAnswer
    $Server.Client.Close()
    if (-not $Server.Process.WaitForExit(15000)) { $Server.Process.Kill() }
}

# What Get-Process would say of a server.
function Get-TestProcess {
    param([object[]] $Server)

    if ($IsWindows) { return $Server | ForEach-Object { Get-Process -Id $_.Id } }
    $Server | ForEach-Object { [pscustomobject] @{ Id = $_.Id; ProcessName = $_.ProcessName; Name = $_.Name } }
}
