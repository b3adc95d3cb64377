# Running servers, with the program for Windows.

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_WINDOWS
    $env:HOTPATCH_AUDIT = Join-Path $work 'audit.jsonl'
    $env:HOTPATCH_TRUST = "$env:HOTPATCH_TEST_MACHINE\trust-of-nobody"
    Push-Location $work
    $signed = @{ Package = 'fix.hpk'; Key = 'release.pub.pem' }
    $old, $new = 'OK line-server 1.4.2', 'OK line-server 1.4.3'
    $first = Start-TestServer
    $second = Start-TestServer
    $other = Start-TestServer -Name other
}

AfterAll {
    $first, $second, $other | ForEach-Object { Stop-TestServer $_ }
    Pop-Location
}

Describe 'Test-Hotpatch' {
    It 'says of every process of a name whether it could be patched' {
        $results = Test-Hotpatch -Name server @signed
        $results.Id | Should -Be ($first.Id, $second.Id | Sort-Object)
        $results.Outcome | Should -Be 'ready', 'ready'
        $results[0].PatchId | Should -Be 'BEAT'
        $results.Succeeded | Should -Be $true, $true
        Get-TestVersion $first | Should -Be $old
    }

    It 'names what stands against it, and that is no error' {
        $result = Test-Hotpatch -Id $other.Id @signed -ErrorVariable wrong
        $result | Out-String -Width 80 | Should -Match "(?m)^ *$($other.Id) other .* refused .* HP5\d\d *$"
        $wrong | Should -BeNullOrEmpty
        $result.Outcome | Should -Be 'refused'
        $result.Findings[0].Code | Should -Match '^HP5\d\d$'
        Get-TestProcess $first, $other | Test-Hotpatch @signed -Quiet | Should -Be $true, $false
    }
}

Describe 'Install-Hotpatch' {
    It 'with -WhatIf changes nothing and names each process' {
        Get-TestProcess $first, $second | Install-Hotpatch @signed -WhatIf | Should -BeNullOrEmpty
        Get-TestVersion $first | Should -Be $old
    }

    It 'asks first, so that it does nothing where nobody can answer' {
        { Get-TestProcess $first | Install-Hotpatch @signed -ErrorAction Stop } | Should -Throw
        Get-TestVersion $first | Should -Be $old
    }

    It 'is refused without a key that is trusted' {
        Install-Hotpatch -Id $first.Id -Package fix.hpk -Confirm:$false -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].FullyQualifiedErrorId | Should -Be 'Untrusted,Install-Hotpatch'
        $wrong[0].CategoryInfo.Category | Should -Be 'SecurityError'
        Get-TestVersion $first | Should -Be $old
    }

    It 'patches what it can, and says of the others why not' {
        $results = Get-TestProcess $other, $first, $second |
            Install-Hotpatch @signed -Confirm:$false -ErrorVariable wrong -ErrorAction SilentlyContinue
        $done = $results | Where-Object Succeeded
        $done.Id | Should -Be $first.Id, $second.Id
        $done.Outcome | Should -Be 'applied', 'applied'
        $done[0].FrozenTime | Should -BeGreaterThan ([timespan]::Zero)
        $done[0].Functions | Should -Contain 'handle_beat'
        Get-TestVersion $first | Should -Be $new
        Get-TestVersion $second | Should -Be $new

        $wrong | Should -HaveCount 1
        $code = ($results | Where-Object Succeeded -EQ $false).Findings[0].Code
        $wrong[0].FullyQualifiedErrorId | Should -Be "$code,Install-Hotpatch"
        $wrong[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $wrong[0].TargetObject.Id | Should -Be $other.Id
        $wrong[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'does no harm where the patch is already' {
        (Install-Hotpatch -Name server @signed -Confirm:$false).Outcome | Should -Be 'already-applied', 'already-applied'
    }

    It 'says which process is not there' {
        Install-Hotpatch -Id 999999 @signed -Confirm:$false -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].Exception.Message | Should -Match '^BEAT was not applied to process 999999: '
        $wrong[0].TargetObject | Should -Be 999999
        { Install-Hotpatch -Name nobody @signed -Confirm:$false -ErrorAction Stop } | Should -Throw '*nobody*'
    }
}

Describe 'Get-Hotpatch' {
    It 'shows who has which patch' {
        $processes = Get-Hotpatch
        $processes.Id | Should -Be ($first.Id, $second.Id | Sort-Object)
        $processes[0].ProcessName | Should -Be 'server'
        $processes[0].Patches[0].PatchId | Should -Be 'BEAT'
        $processes[0].Patches[0].State | Should -Be 'active'
        $processes[0].Patches[0].AppliedAt | Should -BeOfType [datetime]
        ((Get-Date) - $processes[0].Patches[0].AppliedAt).TotalMinutes | Should -BeLessThan 60
        Get-Hotpatch -Name other | Should -BeNullOrEmpty
        Get-Hotpatch -PatchId none | Should -BeNullOrEmpty
    }

    It 'takes processes from the pipeline, patched or not' {
        $shown = Get-TestProcess $first, $other | Get-Hotpatch
        $shown.Id | Should -Be $first.Id, $other.Id
        $shown[1].Patches | Should -HaveCount 0
    }

    It 'is shown as a table' {
        Get-Hotpatch -Id $first.Id | Out-String | Should -Match "(?m)^ *$($first.Id) server +BEAT"
    }
}

Describe 'Undo-Hotpatch' {
    It 'has nothing to go back to where nothing was replaced' {
        Undo-Hotpatch -Id $first.Id -Confirm:$false -ErrorVariable wrong -ErrorAction SilentlyContinue | Out-Null
        $wrong[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $wrong[0].FullyQualifiedErrorId | Should -Match '^(HP\d+|RestartRequired),Undo-Hotpatch$'
        Get-TestVersion $first | Should -Be $new
    }
}

Describe 'Uninstall-Hotpatch' {
    It 'takes the patch out of what Get-Hotpatch shows' {
        Get-Hotpatch -Name server | Uninstall-Hotpatch -WhatIf
        Get-TestVersion $first | Should -Be $new
        $results = Get-Hotpatch -Name server | Uninstall-Hotpatch -Confirm:$false
        $results.Outcome | Should -Be 'reverted', 'reverted'
        Get-TestVersion $first | Should -Be $old
        Get-TestVersion $second | Should -Be $old
    }

    It 'finds the processes of a name, and undoes what Install-Hotpatch answers' {
        $done = Install-Hotpatch -Id $first.Id @signed -Confirm:$false
        $done | Uninstall-Hotpatch -Confirm:$false | ForEach-Object Outcome | Should -Be 'reverted'
        Install-Hotpatch -All @signed -Confirm:$false | Should -HaveCount 2
        (Uninstall-Hotpatch -Name server.exe -PatchId BEAT -Confirm:$false).Outcome | Should -Be 'reverted', 'reverted'
        Uninstall-Hotpatch -All -Confirm:$false | Should -BeNullOrEmpty
        (Uninstall-Hotpatch -Id $first.Id -PatchId BEAT -Confirm:$false).Outcome | Should -Be 'not-applied'
    }
}

Describe 'Repair-Hotpatch' {
    It 'finds nothing to clear away' {
        (Repair-Hotpatch -Id $first.Id -Confirm:$false).Outcome | Should -Be 'clean'
    }
}

Describe 'A process in which no moment is quiet' {
    It 'is an error that names the function, after progress' {
        $busy = Connect-TestServer $first.Port
        Send-TestLine $busy "DELAY 60000`nBEAT 2 hi" | Out-Null
        $shell = [powershell]::Create()
        [void] $shell.AddScript({
            param($module, $id, $key, $package)
            Import-Module $module
            Install-Hotpatch -Id $id -Package $package -Key $key -Timeout 2 -Confirm:$false
        }).AddParameters(@($module, $first.Id, (Join-Path $work 'release.pub.pem'), (Join-Path $work 'fix.hpk')))
        [void] $shell.Invoke()
        $wrong = $shell.Streams.Error
        $wrong | Should -HaveCount 1
        $wrong[0].FullyQualifiedErrorId | Should -Match '^(Busy|HP\d+),Install-Hotpatch$'
        $wrong[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        $wrong[0].Exception.Message | Should -Match 'handle_beat'
        $shell.Streams.Progress[0].Activity | Should -Match '^Apply BEAT, '
        Get-TestVersion $first | Should -Be $old
        $busy.Close()
    }
}

Describe 'The audit log' {
    It 'has what was done' {
        $records = Get-HotpatchAudit -Last 0
        $records | Where-Object Outcome -EQ 'applied' | ForEach-Object Id | Should -Contain $first.Id
        ($records | Where-Object Outcome -EQ 'applied')[0].PatchId | Should -Be 'BEAT'
        Get-HotpatchAudit -Last 0 -Id $other.Id | ForEach-Object Outcome | Should -Contain 'refused'
        Get-HotpatchAudit -Last 1 | Should -HaveCount 1
    }
}
