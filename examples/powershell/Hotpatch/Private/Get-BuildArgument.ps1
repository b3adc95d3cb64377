# Two builds and what is accepted of their differences, as arguments.
function Get-BuildArgument {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [System.Collections.IDictionary] $Bound)

    Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['Old']
    Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['New']
    if ($Bound['OldPdb']) { '--old-pdb'; Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['OldPdb'] }
    if ($Bound['NewPdb']) { '--new-pdb'; Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['NewPdb'] }
    foreach ($code in $Bound['Accept']) { '--accept'; $code }
}
