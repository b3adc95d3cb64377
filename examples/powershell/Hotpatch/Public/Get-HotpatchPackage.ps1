function Get-HotpatchPackage {
    <#
.SYNOPSIS
Shows the packages of this machine's store, or what a file holds.

.DESCRIPTION
With -Path it shows what the package says of itself: its signature is not judged, see
Test-HotpatchPackage.

.PARAMETER PatchId
Only packages of the store with these ids.

.PARAMETER Path
Files of packages. Files can be piped in.

.EXAMPLE
Get-HotpatchPackage

Shows the packages of the store, and whether they may be applied.

.EXAMPLE
Get-HotpatchPackage -Path fix.hpk | Format-List

Shows everything about a file.

.OUTPUTS
Hotpatch.Package
#>
    [CmdletBinding(DefaultParameterSetName = 'Store')]
    [OutputType('Hotpatch.Package')]
    param(
        [Parameter(ParameterSetName = 'Store', Position = 0)]
        [string[]] $PatchId,

        [Parameter(ParameterSetName = 'Path', Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [string[]] $Path
    )

    process {
        if ($PSCmdlet.ParameterSetName -eq 'Store') {
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments 'store', 'list'
            Write-StorePackage -Cmdlet $PSCmdlet -Reply $reply -PatchId $PatchId
            return
        }
        foreach ($one in $Path) {
            $file = Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $one
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments 'inspect', $file
            if ($reply.ExitCode -eq 0) {
                ConvertTo-PackageFile $reply.Document
            } else {
                Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -What 'no package was shown' -Target $file
            }
        }
    }
}
