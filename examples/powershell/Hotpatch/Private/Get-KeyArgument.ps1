# Keys that may have signed a package, as arguments.
function Get-KeyArgument {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [string[]] $Key)

    foreach ($one in $Key) { '--key'; Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $one }
}
