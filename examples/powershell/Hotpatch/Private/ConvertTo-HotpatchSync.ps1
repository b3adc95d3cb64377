# A round of sync.
function ConvertTo-HotpatchSync {
    param($Report)

    [pscustomobject] @{
        PSTypeName     = 'Hotpatch.Sync'
        InDesiredState = $Report.in_desired_state
        Mode           = $Report.mode
        Actions        = @($Report.actions | ForEach-Object {
            [pscustomobject] @{
                PSTypeName  = 'Hotpatch.SyncAction'
                Id          = $_.pid
                ProcessName = Get-FileStem $_.image
                Action      = $_.action
                PatchId     = $_.package_id
                Outcome     = $_.outcome
                FrozenTime  = [timespan]::FromTicks(10 * $_.frozen_us)
                Error       = $_.error -join ': '
            }
        })
        Processes      = @($Report.processes | ForEach-Object { ConvertTo-HotpatchState $_ })
        Added          = @($Report.added)
        Refused        = @($Report.refused)
        Quarantined    = @($Report.quarantined)
        Broken         = @($Report.broken)
        ExitCode       = $Report.exit_code
    }
}
