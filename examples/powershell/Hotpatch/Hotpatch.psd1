@{
    RootModule           = 'Hotpatch.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '6d9a4b0e-3c52-4d4c-9d0b-6a0b7b1f9f3e'
    Author               = 'The authors of hotpatch'
    Copyright            = 'MIT or Apache-2.0'
    Description          = 'Fix running Windows programs without restarting them. Calls hotpatch.exe, which has to be on the path, beside this file, or named by $env:HOTPATCH_EXE.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    TypesToProcess       = @('Hotpatch.Types.ps1xml')
    FormatsToProcess     = @('Hotpatch.Format.ps1xml')
    FunctionsToExport    = @(
        'Add-HotpatchPackage'
        'Compare-HotpatchBuild'
        'Get-Hotpatch'
        'Get-HotpatchAudit'
        'Get-HotpatchExposure'
        'Get-HotpatchFinding'
        'Get-HotpatchPackage'
        'Get-HotpatchState'
        'Install-Hotpatch'
        'New-HotpatchPackage'
        'Remove-HotpatchPackage'
        'Repair-Hotpatch'
        'Resume-Hotpatch'
        'Suspend-Hotpatch'
        'Sync-Hotpatch'
        'Test-Hotpatch'
        'Test-HotpatchPackage'
        'Undo-Hotpatch'
        'Uninstall-Hotpatch'
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('hotpatch', 'livepatch', 'Windows')
        }
    }
}
