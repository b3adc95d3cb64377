# Every example of the help runs, one after the other, on a machine with two servers.

BeforeDiscovery {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    # There is no service here, and no other machine.
    $elsewhere = '-ServiceName|Invoke-Command'
    $examples = foreach ($command in Get-Command -Module Hotpatch) {
        foreach ($example in (Get-Help $command.Name -Examples).examples.example) {
            $text = $example.code.Trim()
            @{ Command = $command.Name; Text = $text; Runs = $text -notmatch $elsewhere }
        }
    }
}

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_WINDOWS
    $env:HOTPATCH_AUDIT = Join-Path $work 'examples.jsonl'
    $trust = "$env:HOTPATCH_TEST_MACHINE\trust-examples"
    $env:HOTPATCH_TRUST = $trust
    $env:HOTPATCH_STORE = "$env:HOTPATCH_TEST_MACHINE\examples-store-$PID"
    $first = Start-TestServer
    $second = Start-TestServer
    # With no packages and keys but those that the help speaks of.
    $folder = Join-Path $work 'examples'
    New-Item -ItemType Directory $folder | Out-Null
    foreach ($name in 'fix.hpk', 'release.pem', 'release.pub.pem', 'shipped', 'fixed') {
        Copy-Item (Join-Path $work $name) $folder -Recurse
    }
    Push-Location $folder
    # So that there is something in the store, in the audit log and in the folder of the reports.
    Add-HotpatchPackage fix.hpk | Out-Null
    New-Item -ItemType Directory reports | Out-Null
    & $env:HOTPATCH_TEST_WINDOWS store pause | Out-Null
    & $env:HOTPATCH_TEST_WINDOWS sync --report reports | Out-Null
    & $env:HOTPATCH_TEST_WINDOWS store resume | Out-Null
    Install-Hotpatch -Id $first.Id -Package fix.hpk -Confirm:$false | Uninstall-Hotpatch -Confirm:$false
    if (-not $IsWindows) {
        $global:examples = $first, $second
        function global:Get-Process { param($Name) Get-TestProcess $global:examples }
    }
}

AfterAll {
    Remove-Item function:Get-Process -ErrorAction SilentlyContinue
    $first, $second | ForEach-Object { Stop-TestServer $_ }
    Pop-Location
}

Describe 'The help of <Command>' -ForEach $examples {
    BeforeAll {
        Remove-Item new.hpk -ErrorAction SilentlyContinue
        if ($Command -eq 'Undo-Hotpatch') {
            # Trust remembers the highest sequence, and the other examples want the first.
            $env:HOTPATCH_TRUST = "$trust-of-nobody"
            foreach ($package in 'fix.hpk', '../second.hpk') {
                Install-Hotpatch -All -Package $package -Key release.pub.pem -Confirm:$false | Out-Null
            }
            $env:HOTPATCH_TRUST = $trust
        }
    }

    It 'has a true example: <Text>' {
        if ($Runs) {
            $said = & ([scriptblock]::Create($Text)) -ErrorVariable wrong *>&1
            $said | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Should -BeNullOrEmpty
        } else {
            $errors = $null
            [void] [System.Management.Automation.Language.Parser]::ParseInput($Text, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty
        }
    }
}
