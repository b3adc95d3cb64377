# What the reports of many machines say together, with the program for this machine.

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $env:HOTPATCH_EXE = $env:HOTPATCH_TEST_NATIVE
    Push-Location $work
    New-Item -ItemType Directory reports | Out-Null

    function Add-TestReport {
        param([string] $Computer, [string] $Ring, [string] $State, $Open)

        @{
            schema = 'hotpatch.sync/1'; computer = $Computer; ring = $Ring
            at = [DateTime]::UtcNow.ToString('s') + 'Z'; exit_code = 9; in_desired_state = $false
            refused = @(); broken = @(); inaccessible = 0; unanswered = 0
            processes = @(@{
                pid = 8; image = 'C:\App\server.exe'; services = @(); started = '2026-01-01T00:00:00Z'
                state = $State; why = "it is $State"; remedy = $null; as_desired = $false
                cves_fixed = @(); cves_open = @($Open | Where-Object { $_ }); packages = @()
            })
        } | ConvertTo-Json -Depth 9 | Set-Content "reports/$Computer.json"
    }
    Add-TestReport web-1 canary exposed @{ cve = 'CVE-2025-1234'; since = '2026-01-02T00:00:00Z'; seconds = 1 }
    Add-TestReport web-2 production failed @{ cve = 'CVE-2025-2345'; since = '2026-01-01T12:00:00Z'; seconds = 1 }
    Add-TestReport web-3 production hotpatched
}

AfterAll {
    Pop-Location
}

Describe 'Get-HotpatchExposure' {
    It 'says who is exposed to what, that for longest first' {
        $open = Get-HotpatchExposure reports
        $open.ComputerName | Should -Be 'web-2', 'web-1'
        ($open[1].Cve, $open[1].Ring, $open[1].State, $open[1].Id) |
            Should -Be 'CVE-2025-1234', 'canary', 'exposed', 8
        $open[1].Since.ToUniversalTime().Day | Should -Be 2
        $open[0].PSObject.TypeNames | Should -Contain 'Hotpatch.Exposure'
    }

    It 'can be asked for a CVE, and for a ring' {
        (Get-HotpatchExposure reports -Cve CVE-2025-1234).ComputerName | Should -Be 'web-1'
        (Get-HotpatchExposure reports -Ring production).ComputerName | Should -Be 'web-2'
    }

    It 'warns of what is no report, and makes an error of a folder that is not there' {
        Set-Content reports/notes.json 'x'
        Get-HotpatchExposure reports -HtmlPath fleet.html -WarningVariable said -WarningAction SilentlyContinue |
            Should -HaveCount 2
        $said[0] | Should -Match 'notes\.json is no report'
        Get-Content fleet.html -Raw | Should -Match '2 processes are exposed'
        Get-HotpatchExposure nowhere -ErrorVariable wrong -ErrorAction SilentlyContinue
        $wrong[0].Exception.Message | Should -Match 'nowhere'
    }
}
