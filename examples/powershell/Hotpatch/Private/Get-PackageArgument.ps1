# A package and the keys that may have signed it, as arguments; the package is the first.
function Get-PackageArgument {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [System.Collections.IDictionary] $Bound)

    Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['Package']
    Get-KeyArgument -Cmdlet $Cmdlet -Key $Bound['Key']
}
