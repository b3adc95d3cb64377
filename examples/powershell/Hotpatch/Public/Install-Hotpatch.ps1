function Install-Hotpatch {
    <#
.SYNOPSIS
Applies a package to running processes.

.DESCRIPTION
The functions of the package are switched inside each process, all at once, while its connections
stay open. A process for which that is not possible is left as it is: the error says why, its id
is the code of the finding (Get-HotpatchFinding tells more), and the other processes are not
affected. Applying again is harmless.

With -WhatIf nothing is asked of the processes; Test-Hotpatch says whether it would work.

A patch lives as long as the process. Install the fixed build on the disk, too.

.PARAMETER Id
Ids of processes. Objects that have an Id, such as those of Get-Process and Get-Hotpatch, can
be piped in.

.PARAMETER Name
Names of programs, such as server or server.exe: each process of such a program.

.PARAMETER ServiceName
Names of services: the process of each. Objects of Get-Service can be piped in.

.PARAMETER All
Every process that can be opened and has the package's module.

.PARAMETER Package
The package, a file with the ending .hpk.

.PARAMETER Key
Files of keys that may have signed it; where none is given, those that this machine trusts.

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
Get-Process server | Install-Hotpatch -Package fix.hpk -WhatIf

Says which processes would be patched.

.EXAMPLE
Get-Process server | Install-Hotpatch -Package fix.hpk -Key release.pub.pem -Confirm:$false

Patches every server.exe without asking, with a key that this machine need not trust.

.EXAMPLE
Install-Hotpatch -ServiceName billing -Package fix.hpk -Timeout 60 -MaxFreeze 20

Asks, then patches the process of a service, which may stand still for 20 milliseconds.

.EXAMPLE
Invoke-Command -ComputerName app1, app2 { Import-Module Hotpatch; Install-Hotpatch -Name server -Package \\share\fix.hpk -Confirm:$false }

Does it on other machines, which have hotpatch.exe, the module and a key in their trust store.

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

        [Parameter(Mandatory = $true)]
        [string] $Package,

        [string[]] $Key,

        [ValidateRange(0, 86400)]
        [double] $Timeout,

        [ValidateRange(0, 60000)]
        [double] $MaxFreeze,

        [string[]] $AllowOnStack,

        [string] $AuditLog
    )

    begin {
        $signed = @(Get-PackageArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
        $patch = Get-PackagePatchId -Cmdlet $PSCmdlet -Path $signed[0]
    }
    process {
        if (-not $patch) { return }
        $arguments = $signed + @(Get-QuietArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
        $listing = @('check') + $signed
        $found = @(Get-HotpatchTarget -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Listing $listing)
        Invoke-HotpatchChange -Cmdlet $PSCmdlet -Command 'apply' -Targets $found `
            -Arguments $arguments -Action "Apply $patch" -Undone "$patch was not applied to"
    }
}
