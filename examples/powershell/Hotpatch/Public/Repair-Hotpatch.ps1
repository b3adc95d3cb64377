function Repair-Hotpatch {
    <#
.SYNOPSIS
Clears away what an interrupted operation left in running processes.

.DESCRIPTION
Lets a process go that was left frozen, finishes or undoes what was torn, and gives memory back that
nothing uses any more. Which version runs does not change. Installing and taking out do this
first; this does nothing else.

.PARAMETER Id
Ids of processes. Objects that have an Id, such as those of Get-Process and Get-Hotpatch, can
be piped in.

.PARAMETER Name
Names of programs, such as server or server.exe: each process of such a program.

.PARAMETER ServiceName
Names of services: the process of each. Objects of Get-Service can be piped in.

.PARAMETER All
Every process that can be opened and has a patch.

.PARAMETER Timeout
For how many seconds to wait for a moment in which no thread is in the way; 10 where it is not
given. If there is none, the error's id is Busy, and the process is as it was.

.PARAMETER MaxFreeze
For how many milliseconds the process may stand still at most. An attempt that would take longer
is given up, and nothing is changed.

.PARAMETER AllowOnStack
Functions whose calls that are under way may end in the version in which they began, for a
function that never leaves the stack, such as a main loop.

.PARAMETER AuditLog
The audit log; where it is not given, that of hotpatch.

.EXAMPLE
Repair-Hotpatch -Name server -Confirm:$false

Every server.exe is cleared up.

.OUTPUTS
Hotpatch.Result, one for each process that was looked at.
#>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High', DefaultParameterSetName = 'Id')]
    [OutputType('Hotpatch.Result')]
    param(
        [Parameter(ParameterSetName = 'Id', Mandatory = $true, Position = 0,
            ValueFromPipelineByPropertyName = $true)]
        [Alias('ProcessId', 'PID')]
        [int[]] $Id,

        [Parameter(ParameterSetName = 'Name', Mandatory = $true)]
        [string[]] $Name,

        [Parameter(ParameterSetName = 'ServiceName', Mandatory = $true,
            ValueFromPipelineByPropertyName = $true)]
        [string[]] $ServiceName,

        [Parameter(ParameterSetName = 'All', Mandatory = $true)]
        [switch] $All,

        [Parameter(ParameterSetName = 'Id', ValueFromPipelineByPropertyName = $true, DontShow = $true)]
        [string] $ProcessName,

        [ValidateRange(0, 86400)]
        [double] $Timeout,

        [ValidateRange(0, 60000)]
        [double] $MaxFreeze,

        [string[]] $AllowOnStack,

        [string] $AuditLog
    )

    process {
        $arguments = @(Get-QuietArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
        $found = @(Get-HotpatchTarget -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Listing 'status')
        Invoke-HotpatchChange -Cmdlet $PSCmdlet -Command 'recover' -Targets $found `
            -Arguments $arguments -Action "Clear away what an interrupted operation left" -Undone "nothing was cleared away in"
    }
}
