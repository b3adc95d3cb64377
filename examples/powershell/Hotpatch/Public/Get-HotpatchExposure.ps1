function Get-HotpatchExposure {
    <#
.SYNOPSIS
Says which machines are exposed to what, and since when, by the reports that they left.

.DESCRIPTION
Reads the folder in which machines leave their reports (hotpatch sync --report), and gives what is
open in the processes of each program of each machine, that for longest first. Warns of machines
that have not reported for longer than -StaleAfter, and of files that are no reports.

.PARAMETER Path
The folder with the reports.

.PARAMETER StaleAfter
After what time a machine that sends no further report is stale, such as 30m, 24h or 2d.

.PARAMETER Cve
Only what is open of these CVEs.

.PARAMETER Ring
Only machines of these rings.

.PARAMETER HtmlPath
Also writes one page with tables to sort to this file.

.EXAMPLE
Get-HotpatchExposure -Path reports

Everything that is open, that for longest first.

.EXAMPLE
Get-HotpatchExposure -Path reports -Cve CVE-2025-1234 | Group-Object ComputerName -NoElement

Counts by machine what is open of a CVE.

.OUTPUTS
Hotpatch.Exposure
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.Exposure')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Path,

        [string] $StaleAfter = '24h',

        [string[]] $Cve,

        [string[]] $Ring,

        [string] $HtmlPath
    )

    process {
        $folder = Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $Path
        $arguments = @('report', $folder, '--stale', $StaleAfter)
        if ($HtmlPath) { $arguments += @('--html', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $HtmlPath)) }
        $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments
        if ($reply.ExitCode -ne 0) {
            Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -What 'nothing is known' -Target $Path
            return
        }
        foreach ($one in $reply.Document.exposures) {
            if ($Cve -and $one.cve -notin $Cve) { continue }
            if ($Ring -and $one.ring -notin $Ring) { continue }
            [pscustomobject] @{
                PSTypeName   = 'Hotpatch.Exposure'
                ComputerName = $one.computer
                Ring         = $one.ring
                Program      = $one.program
                Cve          = $one.cve
                Since        = ConvertTo-Moment $one.since
                State        = $one.state
                Why          = $one.why
                Id           = @($one.pids)
                PatchId      = @($one.packages)
            }
        }
        foreach ($machine in $reply.Document.machines) {
            if ($machine.stale) { Write-Warning "$($machine.computer) has not reported since $($machine.at)" }
        }
        foreach ($file in $reply.Document.unreadable) {
            Write-Warning "$($file.path) is no report: $($file.why)"
        }
    }
}
