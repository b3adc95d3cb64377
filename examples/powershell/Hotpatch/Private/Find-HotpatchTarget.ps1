# The processes of a name, or all; see Get-HotpatchTarget.
function Find-HotpatchTarget {
    param(
        [System.Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Name,
        [string[]] $Listing
    )

    $arguments = $Listing
    # `status` shows all that have something, the others take a name.
    if ($Listing[0] -ne 'status') {
        $which = if ($Name) { @('--name', $Name) } else { @('--all') }
        $arguments = $Listing + $which
    }
    $reply = Invoke-HotpatchProgram -Cmdlet $Cmdlet -Arguments $arguments
    $field = if ($Listing[0] -eq 'status') { 'processes' } else { 'targets' }
    # None is an answer, too.
    if ($null -eq $reply.Document -or $null -eq $reply.Document.PSObject.Properties[$field]) {
        $what = if ($Name) { "processes called $Name" } else { 'processes' }
        Write-HotpatchError -Cmdlet $Cmdlet -Reply $reply -What "no $what" -Target $Name
        return
    }
    foreach ($process in $reply.Document.$field) {
        $report = Get-Field $process 'report'
        $image = if ($report) { $report.image } else { Get-Field $process 'image' }
        $stem = Get-FileStem $image
        if ($Listing[0] -eq 'status' -and $Name -and $stem -ne (Get-FileStem $Name)) { continue }
        $label = if ($stem) { "$stem ($($process.pid))" } else { "process $($process.pid)" }
        [pscustomobject] @{
            Label     = $label
            Arguments = @('--pid', "$($process.pid)")
            Id        = $process.pid
        }
    }
}
