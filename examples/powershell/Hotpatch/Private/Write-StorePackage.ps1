# The packages of the store, or those with these ids.
function Write-StorePackage {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, $Reply, [string[]] $PatchId)

    if ($Reply.ExitCode -ne 0) {
        Write-HotpatchError -Cmdlet $Cmdlet -Reply $Reply -Target $null -What 'the store was not used'
        return
    }
    foreach ($line in $Reply.Document.done) { Write-Verbose $line }
    foreach ($package in $Reply.Document.packages) {
        if ($PatchId -and $package.id -notin $PatchId) { continue }
        ConvertTo-StoredPackage $package $Reply.Document
    }
    foreach ($broken in $Reply.Document.broken) { Write-Warning "$($broken.path) can't be used: $($broken.why)" }
}
