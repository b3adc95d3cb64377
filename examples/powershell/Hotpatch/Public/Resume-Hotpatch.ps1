function Resume-Hotpatch {
    <#
.SYNOPSIS
Lets a package be applied again, or processes be patched again.

.DESCRIPTION
With -PatchId a package that was held or quarantined is released. With -Program or -All a pause of
Suspend-Hotpatch ends.

.PARAMETER PatchId
Ids of packages. Packages can be piped in.

.PARAMETER Program
File names of programs, such as server.exe.

.PARAMETER All
All processes of this machine.

.EXAMPLE
Resume-Hotpatch -PatchId BEAT

The package may be applied again.

.EXAMPLE
Resume-Hotpatch -Program server.exe

Sync-Hotpatch patches server.exe again.

.OUTPUTS
None
#>
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'Package')]
    param(
        [Parameter(ParameterSetName = 'Package', Mandatory = $true, Position = 0,
            ValueFromPipelineByPropertyName = $true)]
        [string[]] $PatchId,

        [Parameter(ParameterSetName = 'Program', Mandatory = $true)]
        [string[]] $Program,

        [Parameter(ParameterSetName = 'All', Mandatory = $true)]
        [switch] $All
    )

    process {
        $calls = @(switch ($PSCmdlet.ParameterSetName) {
            'Package' { foreach ($one in $PatchId) { , @('store', 'release', $one) } }
            'Program' { foreach ($one in $Program) { , @('store', 'resume', '--program', $one) } }
            default { , @('store', 'resume') }
        })
        $action = if ($PatchId) { 'Release' } else { 'Resume' }
        foreach ($call in $calls) {
            $target = if ($call.Count -gt 2) { $call[-1] } else { 'all processes' }
            if (-not $PSCmdlet.ShouldProcess($target, $action)) { continue }
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $call
            Write-StoreNote -Cmdlet $PSCmdlet -Reply $reply -Target $target
        }
    }
}
