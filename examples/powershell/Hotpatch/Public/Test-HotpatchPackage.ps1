function Test-HotpatchPackage {
    <#
.SYNOPSIS
Says whether a package is whole, signed by a trusted key, and allowed on this machine.

.DESCRIPTION
Answers with the package where it is. Where it is not, that is an error whose category is
SecurityError, or with -Quiet the answer $false.

.PARAMETER Path
Files of packages. Files can be piped in.

.PARAMETER Key
Files of keys that may have signed it; where none is given, those that this machine trusts.

.PARAMETER Quiet
Answer with $true or $false.

.EXAMPLE
Test-HotpatchPackage -Path fix.hpk -Key release.pub.pem

Shows the package where it is good.

.EXAMPLE
Get-ChildItem *.hpk | Where-Object { Test-HotpatchPackage -Path $_.FullName -Quiet }

Shows the files that may be used here.

.OUTPUTS
Hotpatch.Package, or with -Quiet a truth value.
#>
    [CmdletBinding()]
    [OutputType('Hotpatch.Package', [bool])]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [string[]] $Path,

        [string[]] $Key,

        [switch] $Quiet
    )

    process {
        foreach ($one in $Path) {
            $file = Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $one
            $arguments = @('verify', $file) + @(Get-KeyArgument -Cmdlet $PSCmdlet -Key $Key)
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $arguments
            if ($Quiet) {
                $reply.ExitCode -eq 0
            } elseif ($reply.ExitCode -eq 0) {
                ConvertTo-PackageFile $reply.Document
            } else {
                Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -What "$file may not be used" -Target $file
            }
        }
    }
}
