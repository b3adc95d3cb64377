# What the tabulator offers for parameters: ids of patches, packages, keys, names of programs and
# codes of findings.
function Register-HotpatchCompleter {
    $running = 'Uninstall-Hotpatch', 'Undo-Hotpatch', 'Get-Hotpatch'
    $stored = 'Get-HotpatchPackage', 'Remove-HotpatchPackage', 'Suspend-Hotpatch', 'Resume-Hotpatch',
        'Get-HotpatchState'

    Register-ArgumentCompleter -CommandName $running -ParameterName PatchId -ScriptBlock {
        param($command, $parameter, $word)
        $patches = Get-Hotpatch -ErrorAction SilentlyContinue | ForEach-Object { $_.Patches }
        Complete-Word $word ($patches | ForEach-Object { $_.PatchId })
    }
    Register-ArgumentCompleter -CommandName $stored -ParameterName PatchId -ScriptBlock {
        param($command, $parameter, $word)
        $packages = Get-HotpatchPackage -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        Complete-Word $word ($packages | ForEach-Object { $_.PatchId })
    }
    Register-ArgumentCompleter -CommandName 'Get-HotpatchFinding' -ParameterName Code -ScriptBlock {
        param($command, $parameter, $word)
        $findings = Get-HotpatchFinding -ErrorAction SilentlyContinue
        Complete-Word $word ($findings | ForEach-Object { $_.Code })
    }
    $packages = { param($command, $parameter, $word) Complete-File $word '*.hpk' }
    Register-ArgumentCompleter -CommandName 'Install-Hotpatch', 'Test-Hotpatch', 'Get-Hotpatch' `
        -ParameterName Package -ScriptBlock $packages
    Register-ArgumentCompleter -CommandName 'Add-HotpatchPackage', 'Get-HotpatchPackage', 'Test-HotpatchPackage' `
        -ParameterName Path -ScriptBlock $packages
    $keyed = 'Install-Hotpatch', 'Test-Hotpatch', 'Test-HotpatchPackage', 'New-HotpatchPackage'
    Register-ArgumentCompleter -CommandName $keyed -ParameterName Key -ScriptBlock {
        param($command, $parameter, $word)
        Complete-File $word '*.pem'
    }
    $named = 'Install-Hotpatch', 'Test-Hotpatch', 'Uninstall-Hotpatch', 'Undo-Hotpatch', 'Repair-Hotpatch',
        'Get-Hotpatch', 'Get-HotpatchState'
    Register-ArgumentCompleter -CommandName $named -ParameterName Name -ScriptBlock {
        param($command, $parameter, $word)
        Complete-Word $word (Get-Process -ErrorAction SilentlyContinue | ForEach-Object { $_.ProcessName })
    }
}
