# Two builds, compared.
function ConvertTo-HotpatchComparison {
    param($Report)

    [pscustomobject] @{
        PSTypeName = 'Hotpatch.Comparison'
        Verdict    = $Report.verdict.status
        Changed    = @($Report.functions.changed | ForEach-Object { $_.name })
        Added      = @($Report.functions.added | ForEach-Object { $_.name })
        Removed    = @($Report.functions.removed | ForEach-Object { $_.name })
        Findings   = @($Report.verdict.findings | ForEach-Object { ConvertTo-HotpatchFinding $_ })
        Acceptable = @($Report.verdict.acceptable)
        Report     = $Report
    }
}
