# The store of packages, and what it means for all processes of the machine.

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_WINDOWS
    $env:HOTPATCH_AUDIT = Join-Path $work 'audit.jsonl'
    $env:HOTPATCH_TRUST = "$env:HOTPATCH_TEST_MACHINE\trust-store"
    $env:HOTPATCH_STORE = "$env:HOTPATCH_TEST_MACHINE\store-$PID"
    Push-Location $work
    $old, $new = 'OK line-server 1.4.2', 'OK line-server 1.4.3'
    $server = Start-TestServer
}

AfterAll {
    Stop-TestServer $server
    Pop-Location
}

Describe 'The store' {
    It 'takes packages in, and only those that are trusted' {
        Get-ChildItem fix.hpk | Add-HotpatchPackage -WhatIf
        Get-ChildItem fix.hpk | Add-HotpatchPackage | ForEach-Object PatchId | Should -Be 'BEAT'
        Add-HotpatchPackage foreign.hpk -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].CategoryInfo.Category | Should -Be 'SecurityError'
        $package = Get-HotpatchPackage
        ($package.PatchId, $package.Permit, $package.Held) | Should -Be 'BEAT', 'allowed', $false
        $package.Cve | Should -Be 'CVE-2025-1234'
    }

    It 'says who is exposed' {
        $state = Get-HotpatchState
        ($state.Id, $state.State, $state.AsDesired) | Should -Be $server.Id, 'exposed', $false
        $state.CveOpen | Should -Be 'CVE-2025-1234'
        $state.Remedy | Should -Not -BeNullOrEmpty
        Get-HotpatchState -State hotpatched | Should -BeNullOrEmpty
        (Get-HotpatchState -Name server -Cve CVE-2025-1234).State | Should -Be 'exposed'
        (Get-TestProcess $server | Get-HotpatchState).State | Should -Be 'exposed'
    }

    It 'can hold a package' {
        Suspend-Hotpatch BEAT -Reason 'the first ring is not well'
        (Get-HotpatchPackage BEAT).HeldReason | Should -Be 'the first ring is not well'
        (Get-HotpatchState).State | Should -Be 'held'
        (Sync-Hotpatch -Settle 0).Actions | Should -HaveCount 0
        Get-HotpatchPackage | Resume-Hotpatch
        (Get-HotpatchState).State | Should -Be 'exposed'
    }

    It 'can pause a program, and all' {
        Suspend-Hotpatch -Program server.exe
        (Get-HotpatchState).State | Should -Be 'held'
        Resume-Hotpatch -Program server.exe
        Suspend-Hotpatch -All -WhatIf
        (Get-HotpatchState).State | Should -Be 'exposed'
    }
}

Describe 'Sync-Hotpatch' {
    It 'with -WhatIf says what it would do' {
        $sync = Sync-Hotpatch -WhatIf
        $sync.Mode | Should -Be 'what-if'
        ($sync.Actions[0].Id, $sync.Actions[0].PatchId) | Should -Be $server.Id, 'BEAT'
        Get-TestVersion $server | Should -Be $old
    }

    It 'with -Check is no error where something is not as desired' {
        $sync = Sync-Hotpatch -Check -ErrorVariable wrong
        $sync.InDesiredState | Should -BeFalse
        $wrong | Should -BeNullOrEmpty
    }

    It 'brings every process to the desired state' {
        $sync = Sync-Hotpatch -Settle 0
        $sync.InDesiredState | Should -BeTrue
        $sync.Actions[0].Outcome | Should -Be 'applied'
        $sync.Processes[0].State | Should -Be 'hotpatched'
        Get-TestVersion $server | Should -Be $new
        (Get-HotpatchState -Cve CVE-2025-1234).CveFixed | Should -Be 'CVE-2025-1234'
        (Sync-Hotpatch -Settle 0).Actions | Should -HaveCount 0
    }

    It 'takes packages from a folder, and makes an error of those that are refused' {
        New-Item -ItemType Directory share | Out-Null
        Copy-Item foreign.hpk share
        $sync = Sync-Hotpatch -From share -Settle 0 -ErrorVariable wrong -ErrorAction SilentlyContinue
        $sync.Refused | Should -HaveCount 1
        $wrong[0].FullyQualifiedErrorId | Should -Be 'Untrusted,Sync-Hotpatch'
        $wrong[0].Exception.Message | Should -Match 'foreign\.hpk'
    }

    It 'completes ids out of the store and out of processes' {
        foreach ($line in 'Suspend-Hotpatch -PatchId B', 'Uninstall-Hotpatch -PatchId B') {
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'BEAT'
        }
    }

    It 'takes nothing out with the package' {
        Remove-HotpatchPackage BEAT -Confirm:$false
        Get-HotpatchPackage | Should -BeNullOrEmpty
        Get-TestVersion $server | Should -Be $new
        (Get-Hotpatch -Name server).Patches.PatchId | Should -Be 'BEAT'
    }
}
