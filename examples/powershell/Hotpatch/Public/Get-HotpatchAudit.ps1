function Get-HotpatchAudit {
    <#
.SYNOPSIS
Shows who changed which process, when, and how it ended.

.DESCRIPTION
Reads the audit log, in which every attempt to change a process is.

.PARAMETER Last
How many records, the last ones; 20 where it is not given. 0 shows all.

.PARAMETER Id
Only records about the process with this id.

.PARAMETER PatchId
Only records about the patch with this id.

.PARAMETER AuditLog
The audit log; where it is not given, that of hotpatch.

.EXAMPLE
Get-HotpatchAudit -Last 50 | Where-Object Outcome -eq 'applied'

Shows what was applied lately.

.OUTPUTS
Hotpatch.AuditRecord
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.AuditRecord')]
    param(
        [ValidateRange(0, [int]::MaxValue)]
        [int] $Last = 20,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('ProcessId', 'PID')]
        [int] $Id,

        [string] $PatchId,

        [string] $AuditLog
    )

    process {
        $arguments = @('audit', 'show', '--last', "$Last")
        if ($PSBoundParameters.ContainsKey('Id')) { $arguments += @('--pid', "$Id") }
        if ($PatchId) { $arguments += @('--package', $PatchId) }
        if ($AuditLog) { $arguments += @('--audit-log', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $AuditLog)) }
        $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments
        if ($reply.ExitCode -eq 0) {
            $reply.Document.records | ForEach-Object { ConvertTo-AuditRecord $_.record }
        } else {
            Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $null -What 'the audit log was not read'
        }
    }
}
