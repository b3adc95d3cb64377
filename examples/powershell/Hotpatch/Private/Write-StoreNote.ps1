# What was done to the store, for those who want to read it; or the error.
function Write-StoreNote {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, $Reply, $Target)

    if ($Reply.ExitCode -eq 0) {
        foreach ($line in $Reply.Document.done) { Write-Verbose $line }
    } else {
        Write-HotpatchError -Cmdlet $Cmdlet -Reply $Reply -Target $Target -What "nothing was changed for $Target"
    }
}
