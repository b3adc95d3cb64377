# The scripts of an Intune remediation, as its agent runs them: by a PowerShell of their own, one line
# of output, nothing on standard error, and an exit code.

BeforeAll {
    . $PSScriptRoot/Session.ps1
    $scripts = [System.IO.Path]::Combine($root, 'examples', 'intune')
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_WINDOWS
    $env:HOTPATCH_AUDIT = Join-Path $work 'audit-intune.jsonl'
    $env:HOTPATCH_TRUST = "$env:HOTPATCH_TEST_MACHINE\trust-store"
    $env:HOTPATCH_STORE = "$env:HOTPATCH_TEST_MACHINE\store-intune-$PID"
    Push-Location $work
    $server = Start-TestServer

    # Runs a script; the exit code and the line that it wrote.
    function Invoke-TestScript {
        param([string] $Name)

        $shell = (Get-Process -Id $PID).Path
        $wrong = Join-Path $work 'intune.err'
        $lines = @(& $shell -NoProfile -NonInteractive -File (Join-Path $scripts $Name) 2>$wrong)
        $code = $LASTEXITCODE
        Get-Content $wrong -Raw | Should -BeNullOrEmpty
        $lines | Should -HaveCount 1
        "$code $lines"
    }
}

AfterAll {
    Remove-Item Env:HOTPATCH_FROM -ErrorAction Ignore
    Stop-TestServer $server
    Pop-Location
}

Describe 'The remediation' {
    It 'says what keeps it from being told' {
        Invoke-TestScript Detect-Hotpatch.ps1 | Should -Match '^1 hotpatch: there is no store'
        $env:HOTPATCH_EXE = Join-Path $work 'no-such.exe'
        Invoke-TestScript Detect-Hotpatch.ps1 | Should -Match '^1 hotpatch did not run: '
        Invoke-TestScript Remediate-Hotpatch.ps1 | Should -Match '^1 hotpatch did not run: '
        $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_WINDOWS
    }

    It 'detects, remedies, and detects nothing any more' {
        & $env:HOTPATCH_TEST_WINDOWS store add fix.hpk | Out-Null
        Invoke-TestScript Detect-Hotpatch.ps1 |
            Should -Match '^1 1 processes, 1 not as desired: exposed, .*\(open: CVE-2025-1234\)$'
        Invoke-TestScript Remediate-Hotpatch.ps1 | Should -Be '0 1 operations, 1 done'
        Get-TestVersion $server | Should -Be 'OK line-server 1.4.3'
        Invoke-TestScript Detect-Hotpatch.ps1 | Should -Be '0 1 processes, 0 not as desired'
        Invoke-TestScript Remediate-Hotpatch.ps1 | Should -Be '0 0 operations, 0 done'
    }

    It 'takes in what a folder has, and says what was refused' {
        $env:HOTPATCH_FROM = Join-Path $work 'incoming'
        New-Item -ItemType Directory $env:HOTPATCH_FROM | Out-Null
        Copy-Item foreign.hpk $env:HOTPATCH_FROM
        Invoke-TestScript Remediate-Hotpatch.ps1 | Should -Match '^1 0 operations, 0 done; refused: '
    }
}
