# The module itself: what it exports, its help, and that Windows PowerShell 5.1 can read it.

BeforeDiscovery {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
    $commands = (Get-Command -Module Hotpatch).Name | ForEach-Object { @{ Name = $_ } }
    $files = Get-ChildItem (Split-Path $module) -Recurse -File | ForEach-Object { @{ Path = $_.FullName } }
    # The scripts of the repository that are to run on a bare Windows, too.
    $more = 'examples/quickstart.ps1', 'tests/windows.ps1', 'examples/intune/Detect-Hotpatch.ps1',
        'examples/intune/Remediate-Hotpatch.ps1'
    $files += $more | ForEach-Object { @{ Path = Join-Path (Split-Path (Split-Path $PSScriptRoot)) $_ } }
    $scripts = $files | Where-Object { $_.Path -match '\.ps[dm]?1$' }
}

BeforeAll {
    . $PSScriptRoot/Session.ps1
    Import-Module $module -Force
}

Describe 'The manifest' {
    It 'is valid, and exports what is in Public, and nothing else' {
        $manifest = Test-ModuleManifest $module
        $public = Get-ChildItem (Join-Path (Split-Path $module) 'Public') | ForEach-Object BaseName
        $manifest.ExportedFunctions.Keys | Sort-Object | Should -Be ($public | Sort-Object)
        (Get-Command -Module Hotpatch).Name | Sort-Object | Should -Be ($public | Sort-Object)
        $manifest.PowerShellVersion | Should -Be '5.1'
    }

    It 'has the version of the program' {
        $toml = Get-Content (Join-Path $root 'Cargo.toml') -Raw
        $toml | Should -Match "(?m)^version = `"$((Test-ModuleManifest $module).Version)`"$"
    }
}

Describe 'The command <Name>' -ForEach $commands {
    BeforeAll {
        $command = Get-Command $Name
        $help = Get-Help $Name -Full
    }

    It 'has an approved verb' {
        (Get-Verb).Verb | Should -Contain $command.Verb
    }

    It 'has help with a description and an example' {
        $help.Synopsis.Trim() | Should -Match '\.$'
        $help.description.Text | Should -Not -BeNullOrEmpty
        $help.examples.example.Count | Should -BeGreaterThan 0
        $help.returnValues | Should -Not -BeNullOrEmpty
    }

    It 'describes every parameter that is shown' {
        $shared = [System.Management.Automation.PSCmdlet]::CommonParameters + 'WhatIf', 'Confirm'
        foreach ($parameter in $command.Parameters.Values | Where-Object Name -NotIn $shared) {
            if ($parameter.Attributes.DontShow -contains $true) { continue }
            $described = $help.parameters.parameter | Where-Object name -EQ $parameter.Name
            $described.description.Text | Should -Not -BeNullOrEmpty -Because $parameter.Name
        }
    }

    It 'asks before it changes something' {
        $changes = $command.Verb -in 'Add', 'Install', 'New', 'Remove', 'Repair', 'Resume', 'Suspend', 'Sync', 'Undo', 'Uninstall'
        $command.Parameters.ContainsKey('WhatIf') | Should -Be $changes
        $command.Parameters.ContainsKey('Confirm') | Should -Be $changes
    }
}

Describe 'The file <Path>' -ForEach $files {
    It 'is plain ASCII, which every version reads' {
        [System.IO.File]::ReadAllBytes($Path) | Where-Object { $_ -gt 126 } | Should -BeNullOrEmpty
    }
}

Describe 'The script <Path>' -ForEach $scripts {
    BeforeAll {
        $tokens = $null
        $errors = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseFile($Path, [ref] $tokens, [ref] $errors)
    }

    It 'can be parsed' {
        $errors | Should -BeNullOrEmpty
    }

    It 'has nothing that Windows PowerShell 5.1 does not know' {
        $new = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'AndAnd', 'OrOr',
            'QuestionMark', 'Clean'
        $tokens | Where-Object { "$($_.Kind)" -in $new } | Should -BeNullOrEmpty
        # Parameters and variables that came later.
        $later = '(?i)-AsHashtable|-Parallel|-Depth|-AdditionalChildPath|\$Is(Windows|Linux|MacOS)\b|ArgumentList\.Add'
        $tree.Extent.Text | Should -Not -Match $later
        $joins = $tree.FindAll({ param($node)
            $node -is [System.Management.Automation.Language.CommandAst] -and $node.GetCommandName() -eq 'Join-Path' }, $true)
        $joins | Where-Object { $_.CommandElements.Count -gt 5 } | Should -BeNullOrEmpty
    }
}

Describe 'Arguments on their way to the program' {
    It 'arrive as they are' {
        # Another PowerShell is the program that says what came.
        $given = 'plain', 'with space', '', 'a"b', '"', '\', 'c:\dir\', 'c:\a dir\', '\\srv\x y\', 'a\"b', "tab`tx",
            '\\"', 'x\\', "it's", '$x `y', '%PATH%'
        $echo = Join-Path ([System.IO.Path]::GetTempPath()) "echo-$PID.ps1"
        Set-Content $echo '$args -join "|"'
        $all = @('-NoProfile', '-NonInteractive', '-File', $echo) + $given
        $start = New-Object System.Diagnostics.ProcessStartInfo
        $start.FileName = (Get-Process -Id $PID).Path
        $start.Arguments = InModuleScope Hotpatch -Parameters @{ All = $all } { ConvertTo-CommandLine $All }
        $start.UseShellExecute = $false
        $start.RedirectStandardOutput = $true
        $said = [System.Diagnostics.Process]::Start($start).StandardOutput.ReadToEnd()
        Remove-Item $echo
        $said -replace '\r?\n$' | Should -BeExactly ($given -join '|')
    }
}

Describe 'Text of the program' {
    It 'acts on no terminal' {
        InModuleScope Hotpatch {
            $json = '{"a":"x\u001b[2J\\u001b\r\n\u202e","b":"\\\u009by"}'
            $document = ConvertFrom-HotpatchJson $json
            $document.a | Should -BeExactly ("x?[2J\u001b?" + "`n?")
            $document.b | Should -BeExactly '\?y'
            Protect-Text "a$([char] 27)b$([char] 0x202e)c" | Should -BeExactly 'a?b?c'
        }
    }
}
