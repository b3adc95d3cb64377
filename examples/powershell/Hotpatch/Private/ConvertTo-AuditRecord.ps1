# A record of the audit log.
function ConvertTo-AuditRecord {
    param($Record)

    $target = Get-Field $Record 'target'
    $package = Get-Field $Record 'package'
    $frozen = Get-Field $Record 'frozen_us'
    [pscustomobject] @{
        PSTypeName  = 'Hotpatch.AuditRecord'
        Number      = $Record.number
        Time        = ConvertTo-Moment $Record.time
        Event       = $Record.event
        Command     = Get-Field $Record 'command'
        Id          = Get-Field $target 'pid'
        ProcessName = Get-FileStem (Get-Field $target 'image')
        PatchId     = Get-Field $package 'id'
        Outcome     = Get-Field $Record 'outcome'
        ExitCode    = Get-Field $Record 'exit_code'
        FrozenTime  = if ($null -ne $frozen) { [timespan]::FromTicks(10 * $frozen) }
        Findings    = @(Get-Field $Record 'findings' | Where-Object { $_ })
        Error       = Get-Field $Record 'error'
        User        = $Record.who.user
        Elevated    = $Record.who.elevated
        Computer    = $Record.where.host
        Sha256      = Get-Field $package 'sha256'
        Path        = Get-Field $target 'image'
    }
}
