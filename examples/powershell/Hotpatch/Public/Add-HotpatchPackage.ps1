function Add-HotpatchPackage {
    <#
.SYNOPSIS
Takes packages into this machine's store.

.DESCRIPTION
The store says which packages the processes of this machine should have; Sync-Hotpatch applies
them. A package that the trust store or its policy refuses does not come in.

.PARAMETER Path
Files of packages. Files can be piped in.

.EXAMPLE
Get-ChildItem *.hpk | Add-HotpatchPackage

Takes in all packages of the current folder.

.OUTPUTS
Hotpatch.Package
#>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType('Hotpatch.Package')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [string[]] $Path
    )

    process {
        foreach ($one in $Path) {
            $file = Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $one
            if (-not $PSCmdlet.ShouldProcess($file, 'Take into the store')) { continue }
            $id = Get-PackagePatchId -Cmdlet $PSCmdlet -Path $file
            if (-not $id) { continue }
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments 'store', 'add', $file
            Write-StorePackage -Cmdlet $PSCmdlet -Reply $reply -PatchId $id
        }
    }
}
