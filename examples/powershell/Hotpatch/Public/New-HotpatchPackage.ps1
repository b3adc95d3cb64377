function New-HotpatchPackage {
    <#
.SYNOPSIS
Builds a signed package out of two builds of the same image.

.DESCRIPTION
For the release engineer. The passphrase of an encrypted key comes from $env:HOTPATCH_PASSPHRASE
or from a file.

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

.PARAMETER PatchId
Id of the patch.

.PARAMETER Key
File of the private key to sign with.

.PARAMETER PassphraseFile
File with the passphrase of the key.

.PARAMETER Path
File for the package.

.PARAMETER Title
What it fixes, in one line.

.PARAMETER Cve
CVEs that it fixes.

.PARAMETER Sequence
Its position in the product's line of patches.

.EXAMPLE
New-HotpatchPackage shipped/server.exe fixed/server.exe -PatchId BEAT -Key release.pem -Path new.hpk

Writes new.hpk.

.OUTPUTS
Hotpatch.Package
#>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType('Hotpatch.Package')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Old,

        [Parameter(Mandatory = $true, Position = 1)]
        [string] $New,

        [string] $OldPdb,

        [string] $NewPdb,

        [string[]] $Accept,

        [Parameter(Mandatory = $true)]
        [string] $PatchId,

        [Parameter(Mandatory = $true)]
        [string] $Key,

        [string] $PassphraseFile,

        [Parameter(Mandatory = $true)]
        [string] $Path,

        [string] $Title,

        [string[]] $Cve,

        [int] $Sequence
    )

    $file = Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $Path
    if (-not $PSCmdlet.ShouldProcess($file, "Build the package $PatchId")) { return }
    $arguments = @('build') + @(Get-BuildArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
    $arguments += @('--id', $PatchId, '-o', $file)
    $arguments += @('--key', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $Key))
    if ($PassphraseFile) {
        $arguments += @('--passphrase-file', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $PassphraseFile))
    }
    if ($Title) { $arguments += @('--title', $Title) }
    foreach ($one in $Cve) { $arguments += @('--cve', $one) }
    if ($PSBoundParameters.ContainsKey('Sequence')) { $arguments += @('--sequence', "$Sequence") }
    $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments -Activity 'Building a package'
    if ($reply.ExitCode -eq 0) {
        Get-HotpatchPackage -Path $file
    } else {
        Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $file -What "$PatchId was not built"
    }
}
