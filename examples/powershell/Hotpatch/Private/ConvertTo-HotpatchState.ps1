# The state of a process, out of a report of list or sync.
function ConvertTo-HotpatchState {
    param($Process)

    [pscustomobject] @{
        PSTypeName    = 'Hotpatch.State'
        Id            = $Process.pid
        ProcessName   = Get-FileStem $Process.image
        Services      = @($Process.services)
        State         = $Process.state
        AsDesired     = $Process.as_desired
        Why           = $Process.why
        Remedy        = $Process.remedy
        CveOpen       = @($Process.cves_open | ForEach-Object { $_.cve })
        CveFixed      = @($Process.cves_fixed)
        OnDisk        = $Process.on_disk
        RestartBy     = ConvertTo-Moment $Process.restart_by
        DeferredUntil = ConvertTo-Moment $Process.deferred_until
        Started       = ConvertTo-Moment $Process.started
        Packages      = @($Process.packages)
        Path          = $Process.image
    }
}
