function Get-HotpatchFinding {
    <#
.SYNOPSIS
Says what a finding means, and what to do.

.DESCRIPTION
The code of a finding, such as HP519, is the id of the error that stands for it. Without a code
all findings are shown.

.PARAMETER Code
Codes of findings.

.EXAMPLE
Get-HotpatchFinding HP519 | Format-List

Says what HP519 is.

.OUTPUTS
Hotpatch.Finding
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.Finding')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName = $true)]
        [string[]] $Code
    )

    process {
        $asked = if ($Code) { $Code } else { @('--all') }
        foreach ($one in $asked) {
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments 'explain', $one
            if ($reply.ExitCode -eq 0) {
                $reply.Document.rules | ForEach-Object { ConvertTo-HotpatchFinding $_ }
            } else {
                Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $one -What "$one is not explained"
            }
        }
    }
}
