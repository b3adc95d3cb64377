# A path as the program has to get it: PowerShell's current folder is not that of programs.
function Resolve-HotpatchPath {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [string] $Path)

    $Cmdlet.GetUnresolvedProviderPathFromPSPath($Path)
}
