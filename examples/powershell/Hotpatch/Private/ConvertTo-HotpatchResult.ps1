# What was done to one process, out of a report of check, apply, revert, rollback or recover.
function ConvertTo-HotpatchResult {
    param($Report)

    [pscustomobject] @{
        PSTypeName     = 'Hotpatch.Result'
        Id             = $Report.pid
        ProcessName    = Get-FileStem $Report.image
        PatchId        = $Report.package_id
        Outcome        = $Report.outcome
        FrozenTime     = [timespan]::FromTicks(10 * $Report.frozen_us)
        Attempts       = $Report.attempts
        Threads        = $Report.threads
        Functions      = @($Report.functions | ForEach-Object { $_.name })
        Module         = $Report.module
        Path           = $Report.image
        Replaced       = @($Report.replaced)
        ActiveAgain    = @($Report.active_again)
        Findings       = @($Report.findings | ForEach-Object { ConvertTo-HotpatchFinding $_ })
        BlockedBy      = @($Report.blocked_by)
        BytesAllocated = $Report.bytes_allocated
        ExitCode       = $Report.exit_code
    }
}
