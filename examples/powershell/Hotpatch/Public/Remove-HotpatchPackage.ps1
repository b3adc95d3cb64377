function Remove-HotpatchPackage {
    <#
.SYNOPSIS
Takes packages out of this machine's store.

.DESCRIPTION
Processes that have the patch keep it until they end, or until Uninstall-Hotpatch takes it out.

.PARAMETER PatchId
Id of a package, or the first 8 digits of its SHA-256 or more. Packages can be piped in.

.EXAMPLE
Remove-HotpatchPackage -PatchId BEAT -WhatIf

Says what would be removed.

.OUTPUTS
None
#>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [string[]] $PatchId
    )

    process {
        foreach ($one in $PatchId) {
            if (-not $PSCmdlet.ShouldProcess($one, 'Remove from the store')) { continue }
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments 'store', 'remove', $one
            Write-StoreNote -Cmdlet $PSCmdlet -Reply $reply -Target $one
        }
    }
}
