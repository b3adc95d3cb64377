function Suspend-Hotpatch {
    <#
.SYNOPSIS
Keeps a package from being applied, or processes from being patched.

.DESCRIPTION
With -PatchId the package is held. With -Program or -All, Sync-Hotpatch leaves the processes as they
are. Nothing is taken out. Resume-Hotpatch ends it.

.PARAMETER PatchId
Ids of packages. Packages can be piped in.

.PARAMETER Program
File names of programs, such as server.exe.

.PARAMETER All
All processes of this machine.

.PARAMETER Reason
Why, in one line.

.EXAMPLE
Suspend-Hotpatch -PatchId BEAT -Reason 'until the first ring is well'

Sync-Hotpatch does not apply the package any more.

.EXAMPLE
Suspend-Hotpatch -Program server.exe

Sync-Hotpatch leaves every server.exe as it is.

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
        [switch] $All,

        [string] $Reason
    )

    process {
        $calls = @(switch ($PSCmdlet.ParameterSetName) {
            'Package' { foreach ($one in $PatchId) { , @('store', 'hold', $one) } }
            'Program' { foreach ($one in $Program) { , @('store', 'pause', '--program', $one) } }
            default { , @('store', 'pause') }
        })
        $action = if ($PatchId) { 'Hold' } else { 'Pause' }
        foreach ($call in $calls) {
            $target = if ($call.Count -gt 2) { $call[-1] } else { 'all processes' }
            if (-not $PSCmdlet.ShouldProcess($target, $action)) { continue }
            if ($Reason) { $call += @('--reason', $Reason) }
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $call
            Write-StoreNote -Cmdlet $PSCmdlet -Reply $reply -Target $target
        }
    }
}
