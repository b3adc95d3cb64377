<#
.SYNOPSIS
The process that tests/microsoft/powershell.sh patches: .NET compresses and decompresses.

.DESCRIPTION
Starts the load of powershell.cs, and runspaces that do the same from PowerShell's own code.
Then it answers requests: a line in the file "request" of the folder, which it takes away, and a
line in "answer". A console would do as well, but not every command that starts PowerShell under
Wine passes one on.
#>
param([Parameter(Mandatory)] [string] $Folder)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$request = Join-Path $Folder 'request'

function Send-Answer([string] $Text) {
    [IO.File]::WriteAllText("$Folder/answer.new", "$Text`n")
    [IO.File]::Move("$Folder/answer.new", "$Folder/answer", $true)
}

# What a script does with the library, and with errors of its own and of the library.
$script = {
    param([int] $Number)
    $ErrorActionPreference = 'Stop'
    $unpack = [IO.Compression.CompressionMode]::Decompress
    for ($n = $Number; -not [Load]::Stopping; $n++) {
        $text = [Load]::Text($n)
        $memory = [IO.MemoryStream]::new()
        $stream = [IO.Compression.GZipStream]::new(
            $memory, [IO.Compression.CompressionLevel]::Optimal, $true)
        $stream.Write($text, 0, $text.Length)
        $stream.Dispose()
        $memory.Position = 0
        $stream = [IO.Compression.GZipStream]::new($memory, $unpack)
        $reader = [IO.StreamReader]::new($stream, [Text.Encoding]::Latin1)
        if ($reader.ReadToEnd() -cne [Text.Encoding]::Latin1.GetString($text)) {
            throw 'not the text'
        }
        try {
            $damaged = [IO.MemoryStream]::new([byte[]] (0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7))
            [void] [IO.Compression.GZipStream]::new($damaged, $unpack).ReadByte()
            throw 'damage was not seen'
        } catch [IO.InvalidDataException] {
            [Load]::Round($n)
        }
        [Load]::Rest()
    }
}

try {
    $options = '-unsafe', '-optimize+'
    Add-Type -Path (Join-Path $PSScriptRoot 'powershell.cs') -CompilerOptions $options
    [Load]::Begin()
    $runspaces = foreach ($n in 0, 5) {
        $shell = [PowerShell]::Create().AddScript($script).AddArgument($n)
        @{ Shell = $shell; Result = $shell.BeginInvoke() }
    }
    $module = (Get-Process -Id $PID).Modules |
        Where-Object ModuleName -EQ 'System.IO.Compression.Native.dll'
    $hash = (Get-FileHash $module.FileName).Hash.ToLowerInvariant()
    Send-Answer "$PID $([Environment]::Version) $hash"
} catch {
    Send-Answer "failed: $_"
    exit 1
}

while (-not [Load]::Stopping) {
    if (Test-Path "$Folder/end") { [Environment]::Exit(1) }
    if (-not (Test-Path $request)) {
        Start-Sleep -Milliseconds 5
        continue
    }
    $line = [IO.File]::ReadAllText($request).Trim()
    Remove-Item $request
    try {
        $answer = switch ($line) {
            'state' { [Load]::State() }
            'version' { '{0:x}' -f [Native]::BrotliDecoderVersion() }
            'begin' { [Halves]::Begin(); 'begun' }
            'end' { [Halves]::End() }
            'hold' { [Held]::Begin() }
            'release' { [Held]::End() }
            'endless' { [Endless]::Answer() }
            'memory' { [Memory]::Used() }
            'figures' {
                $threads = (Get-Process -Id $PID).Threads.Count
                "$([Load]::Rounds) rounds, $([Load]::Exceptions) exceptions, " +
                "$([Load]::Collections) collections, $([Load]::Ended) threads ended, " +
                "$threads threads"
            }
            'stop' {
                [Load]::End()
                # What a runspace failed with comes up here.
                foreach ($one in $runspaces) { [void] $one.Shell.EndInvoke($one.Result) }
                'stopped'
            }
            default { 'unknown request' }
        }
        Send-Answer $answer
    } catch {
        Send-Answer "failed: $_"
    }
}
