function Compare-HotpatchBuild {
    <#
.SYNOPSIS
Says which functions changed between two builds, and whether that can be applied live.

.DESCRIPTION
For the release engineer. The verdict is patchable, accepted (patchable with the risks that were
accepted), restart-required or unchanged; the findings say why.

.PARAMETER Old
The image as it runs now, an .exe or .dll.

.PARAMETER New
The same image with the fix.

.PARAMETER OldPdb
The PDB of the old image, where it is not found beside it.

.PARAMETER NewPdb
The PDB of the new image, where it is not found beside it.

.PARAMETER Accept
Codes of risks that are accepted.

.EXAMPLE
Compare-HotpatchBuild shipped/server.exe fixed/server.exe

Shows the verdict and the functions that changed.

.OUTPUTS
Hotpatch.Comparison
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.Comparison')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Old,

        [Parameter(Mandatory = $true, Position = 1)]
        [string] $New,

        [string] $OldPdb,

        [string] $NewPdb,

        [string[]] $Accept
    )

    $builds = @(Get-BuildArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
    $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments (@('diff') + $builds) `
        -Activity 'Comparing two builds'
    if (Get-Field $reply.Document 'verdict') {
        ConvertTo-HotpatchComparison $reply.Document
    } else {
        Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $New -What 'the builds were not compared'
    }
}
