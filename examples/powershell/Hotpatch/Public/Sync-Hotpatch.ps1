function Sync-Hotpatch {
    <#
.SYNOPSIS
Brings every process of this machine to the state that the store and the policy ask for.

.DESCRIPTION
Applies the packages of the store to the processes that they are for and that do not have them.
What is right already is left as it is, so that it can be run as often as one likes. Nothing is
ever taken out. Where something is not as desired afterwards, that is an error with the id
NotAsDesired, and the answer says what.

.PARAMETER From
A folder, such as a share: its packages are taken into the store first.

.PARAMETER Check
Only look whether everything is as desired. Writes nothing, and is no error where it is not.

.PARAMETER Timeout
For how many seconds to wait in each process for a moment in which no thread is in the way.

.PARAMETER MaxFreeze
For how many milliseconds a process may stand still at most.

.PARAMETER Settle
For how many seconds to watch processes after they were patched. Where one ends by an exception,
its package is kept from that program until Resume-Hotpatch.

.PARAMETER AuditLog
The audit log; where it is not given, that of hotpatch.

.EXAMPLE
Sync-Hotpatch -WhatIf

Says what would be done.

.EXAMPLE
Sync-Hotpatch -Settle 0

Does it, and does not watch what comes of it.

.EXAMPLE
(Sync-Hotpatch -Check).InDesiredState

Whether all is well.

.OUTPUTS
Hotpatch.Sync
#>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType('Hotpatch.Sync')]
    param(
        [string] $From,

        [switch] $Check,

        [ValidateRange(0, 86400)]
        [double] $Timeout,

        [ValidateRange(0, 60000)]
        [double] $MaxFreeze,

        [ValidateRange(0, 86400)]
        [double] $Settle,

        [string] $AuditLog
    )

    $arguments = @('sync') + @(Get-QuietArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
    if ($From) { $arguments += @('--from', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $From)) }
    if ($PSBoundParameters.ContainsKey('Settle')) { $arguments += @('--settle', (ConvertTo-Number $Settle)) }
    if ($Check) {
        $arguments += '--check'
    } elseif (-not $PSCmdlet.ShouldProcess('all processes of this machine', 'Apply the packages of the store')) {
        # What would be done is more than one line.
        if (-not $WhatIfPreference) { return }
        $arguments += '--what-if'
    }
    $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments `
        -Activity 'Applying the packages of the store'
    if ($null -ne (Get-Field $reply.Document 'in_desired_state')) { ConvertTo-HotpatchSync $reply.Document }
    if ($reply.ExitCode -ne 0 -and -not ($Check -and $reply.ExitCode -eq 9)) {
        Write-HotpatchError -Cmdlet $PSCmdlet -Reply (Add-SyncMessage $reply) -Target $null `
            -What 'not everything is as desired'
    }
}
