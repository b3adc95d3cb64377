# Builds and packages, with the program for this machine.

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_NATIVE
    Push-Location $work
}

AfterAll {
    Pop-Location
}

Describe 'Compare-HotpatchBuild' {
    It 'says what changed' {
        $comparison = Compare-HotpatchBuild shipped/server.exe fixed/server.exe
        $comparison.Verdict | Should -Be 'patchable'
        $comparison.Changed | Should -Be 'handle_version', 'handle_beat'
        $comparison.Added | Should -Be 'refuse_beat'
    }

    It 'finds no difference between a build and itself' {
        (Compare-HotpatchBuild shipped/server.exe shipped/server.exe).Verdict | Should -Be 'unchanged'
    }

    It 'makes an error of a file that is not there' {
        Compare-HotpatchBuild nowhere.exe fixed/server.exe -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].FullyQualifiedErrorId | Should -Be 'Error,Compare-HotpatchBuild'
        $wrong[0].Exception.Message | Should -Match 'nowhere\.exe'
    }
}

Describe 'New-HotpatchPackage' {
    It 'builds what it says' {
        $package = New-HotpatchPackage shipped/server.exe fixed/server.exe -PatchId a-1.b -Key release.pem `
            -Path 'made here.hpk' -Title 'says "no" \' -Cve CVE-2025-1234, CVE-2025-2345 -Sequence 7
        $package.PSObject.TypeNames | Should -Contain 'Hotpatch.Package'
        ($package.PatchId, $package.Title, $package.Sequence) | Should -Be 'a-1.b', 'says "no" \', 7
        $package.Cve | Should -Be 'CVE-2025-1234', 'CVE-2025-2345'
        $package.Functions | Should -Contain 'handle_beat'
        $package.Path | Should -Exist
        (Get-HotpatchPackage -Path 'made here.hpk').Sha256 |
            Should -Be (Get-FileHash 'made here.hpk').Hash.ToLowerInvariant()
    }

    It 'with -WhatIf writes nothing' {
        New-HotpatchPackage shipped/server.exe fixed/server.exe -PatchId X -Key release.pem -Path no.hpk -WhatIf
        'no.hpk' | Should -Not -Exist
    }

    It 'names the finding where it is refused' {
        New-HotpatchPackage shipped/server.exe restart/server.exe -PatchId X -Key release.pem -Path no.hpk `
            -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].FullyQualifiedErrorId | Should -Match '^HP3\d\d,New-HotpatchPackage$'
        $wrong[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $wrong[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        'no.hpk' | Should -Not -Exist
    }
}

Describe 'Test-HotpatchPackage' {
    It 'answers with a package that is good' {
        (Test-HotpatchPackage fix.hpk -Key release.pub.pem).PatchId | Should -Be 'BEAT'
        Test-HotpatchPackage fix.hpk -Key release.pub.pem -Quiet | Should -BeTrue
    }

    It 'makes a SecurityError of one that is not' {
        Test-HotpatchPackage fix.hpk -Key other.pub.pem -Quiet | Should -BeFalse
        Test-HotpatchPackage fix.hpk -Key other.pub.pem -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].CategoryInfo.Category | Should -Be 'SecurityError'
        $wrong[0].FullyQualifiedErrorId | Should -Be 'Untrusted,Test-HotpatchPackage'
        { Test-HotpatchPackage fix.hpk -Key other.pub.pem -ErrorAction Stop } | Should -Throw
    }

    It 'takes files from the pipeline' {
        $good = Get-ChildItem fix.hpk | Where-Object { Test-HotpatchPackage -Path $_.FullName -Key release.pub.pem -Quiet }
        $good.Name | Should -Be 'fix.hpk'
        (Get-ChildItem fix.hpk | Get-HotpatchPackage).PatchId | Should -Be 'BEAT'
    }
}

Describe 'Get-HotpatchFinding' {
    It 'explains one, or all' {
        (Get-HotpatchFinding HP519).Title | Should -Be 'target uses fibers'
        @(Get-HotpatchFinding).Count | Should -BeGreaterThan 100
        'hp301', 'HP305' | ForEach-Object { [pscustomobject] @{ Code = $_ } } | Get-HotpatchFinding |
            ForEach-Object Code | Should -Be 'HP301', 'HP305'
    }
}

Describe 'The program' {
    It 'is missed with advice' {
        $env:HOTPATCH_EXE = Join-Path $work 'no-such-program'
        try {
            { Get-HotpatchFinding HP519 } | Should -Throw -ErrorId 'ProgramNotFound,Get-HotpatchFinding'
        } finally {
            $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_NATIVE
        }
    }

    It 'is called in the words of -Verbose' {
        $verbose = Get-HotpatchFinding HP519 -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        $verbose[0].Message | Should -Match '^hotpatch explain HP519 '
    }
}

Describe 'The tabulator' {
    It 'completes <Line> with <Text>' -ForEach @(
        @{ Line = 'Get-HotpatchFinding HP51'; Text = 'HP519' }
        @{ Line = 'Install-Hotpatch -Package fi'; Text = 'fix.hpk' }
        @{ Line = 'Add-HotpatchPackage -Path fi'; Text = 'fix.hpk' }
        @{ Line = 'Test-Hotpatch -Key release.pu'; Text = 'release.pub.pem' }
        @{ Line = 'Get-HotpatchState -State rest'; Text = 'restart-due' }
        @{ Line = 'Install-Hotpatch -Na'; Text = '-Name' }
    ) {
        $offered = (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText -replace '^\.[\\/]'
        $offered | Should -Contain $Text
    }

    It 'offers no other files for a package' {
        $line = 'Install-Hotpatch -Package re'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Not -Match 'release'
    }
}
