# The processes of a report of status: those with patches, and those in which one is missing.
function ConvertTo-HotpatchProcess {
    param($Report)

    $missing = @{}
    foreach ($process in Get-Field $Report 'not_patched' | Where-Object { $_ }) {
        $missing[[int] $process.pid] = $process
    }
    foreach ($process in $Report.processes) {
        $lack = $missing[[int] $process.pid]
        $missing.Remove([int] $process.pid)
        [pscustomobject] @{
            PSTypeName  = 'Hotpatch.Process'
            Id          = $process.pid
            ProcessName = Get-FileStem $process.image
            Patches     = @($process.patches | ForEach-Object { ConvertTo-HotpatchPatch $_ })
            Missing     = Get-Field $lack 'reason'
            Kept        = @($process.kept)
            Unreadable  = @($process.unreadable)
            Path        = $process.image
        }
    }
    foreach ($id in $missing.Keys | Sort-Object) {
        [pscustomobject] @{
            PSTypeName  = 'Hotpatch.Process'
            Id          = $id
            ProcessName = Get-FileStem $missing[$id].image
            Patches     = @()
            Missing     = $missing[$id].reason
            Kept        = @()
            Unreadable  = @()
            Path        = $missing[$id].image
        }
    }
}
