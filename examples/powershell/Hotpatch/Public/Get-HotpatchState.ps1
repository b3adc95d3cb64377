function Get-HotpatchState {
    <#
.SYNOPSIS
Shows in which state each process is that a package of the store is for, why, and what to do.

.DESCRIPTION
The store of packages (Add-HotpatchPackage) says what the processes of this machine should have. A
state is one of hotpatched, updated, exposed, deferred, blocked, held, failed, quarantined,
restart-due and not-applicable.

.PARAMETER PatchId
Only what these packages of the store mean for the processes.

.PARAMETER State
Only processes in one of these states.

.PARAMETER Cve
Only processes in which this CVE is open or fixed.

.PARAMETER Id
Only processes with these ids.

.PARAMETER Name
Only processes of these programs, such as server or server.exe.

.PARAMETER ServiceName
Only processes that run one of these services.

.EXAMPLE
Get-HotpatchState

Shows every process that a package of the store is for.

.EXAMPLE
Get-HotpatchState -State exposed, blocked | Format-List Id, ProcessName, Why, Remedy

Shows what is open, and what to do about it.

.EXAMPLE
Get-HotpatchState -Cve CVE-2025-1234 | Group-Object State -NoElement

Counts who has the fix of a CVE.

.OUTPUTS
Hotpatch.State
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.State')]
    param(
        [string[]] $PatchId,

        [ValidateSet('failed', 'quarantined', 'exposed', 'blocked', 'restart-due', 'held', 'deferred',
            'hotpatched', 'updated', 'not-applicable')]
        [string[]] $State,

        [string] $Cve,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('ProcessId', 'PID')]
        [int[]] $Id,

        [string[]] $Name,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string[]] $ServiceName
    )

    process {
        $arguments = @('list') + @($PatchId | Where-Object { $_ })
        foreach ($one in $State) { $arguments += @('--state', $one) }
        if ($Cve) { $arguments += @('--cve', $Cve) }
        $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments
        if ($reply.ExitCode -ne 0) {
            Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -What 'no states are known' -Target $null
            return
        }
        $stems = $Name | ForEach-Object { Get-FileStem $_ }
        foreach ($process in $reply.Document.processes) {
            $shown = ConvertTo-HotpatchState $process
            if ($Id -and $shown.Id -notin $Id) { continue }
            if ($Name -and $shown.ProcessName -notin $stems) { continue }
            if ($ServiceName -and -not ($shown.Services | Where-Object { $_ -in $ServiceName })) { continue }
            $shown
        }
        foreach ($broken in $reply.Document.broken) {
            Write-Warning "$($broken.path) can't be used: $($broken.why)"
        }
    }
}
