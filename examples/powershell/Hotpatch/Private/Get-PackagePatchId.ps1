# The id that a package says it has, for the question whether to apply it; nothing, and an error,
# where it is no package. Nobody vouches for it before it is applied.
function Get-PackagePatchId {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [string] $Path)

    $reply = Invoke-HotpatchProgram -Cmdlet $Cmdlet -Arguments 'inspect', $Path
    if ($reply.ExitCode -eq 0) {
        $reply.Document.package.id
    } else {
        Write-HotpatchError -Cmdlet $Cmdlet -Reply $reply -Target $Path -What 'the package was not used'
    }
}
