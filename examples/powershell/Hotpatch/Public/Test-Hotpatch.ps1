function Test-Hotpatch {
    <#
.SYNOPSIS
Says whether a package can be applied to running processes.

.DESCRIPTION
Writes nothing. The outcome is ready where the package could be applied, already-applied where it
is active, and refused where something stands against it, which the findings name.

.PARAMETER Id
Ids of processes. Objects that have an Id, such as those of Get-Process and Get-Hotpatch, can
be piped in.

.PARAMETER Name
Names of programs, such as server or server.exe: each process of such a program.

.PARAMETER ServiceName
Names of services: the process of each. Objects of Get-Service can be piped in.

.PARAMETER All
Every process that can be opened and has the package's module.

.PARAMETER Package
The package, a file with the ending .hpk.

.PARAMETER Key
Files of keys that may have signed it; where none is given, those that this machine trusts.

.PARAMETER Quiet
Answer with $true where the package can be applied or is active, and with $false otherwise.

.EXAMPLE
Get-Process server | Test-Hotpatch -Package fix.hpk

Asks every server.exe.

.EXAMPLE
Test-Hotpatch -Name server -Package fix.hpk -Key release.pub.pem | Select-Object -ExpandProperty Findings

Shows everything that was found, notes included.

.OUTPUTS
Hotpatch.Result, or with -Quiet a truth value, one for each process.
#>
    [CmdletBinding(DefaultParameterSetName = 'Id')]
    [OutputType('Hotpatch.Result', [bool])]
    param(
        [Parameter(ParameterSetName = 'Id', Mandatory = $true, Position = 0,
            ValueFromPipelineByPropertyName = $true)]
        [Alias('ProcessId', 'PID')]
        [int[]] $Id,

        [Parameter(ParameterSetName = 'Name', Mandatory = $true)]
        [string[]] $Name,

        [Parameter(ParameterSetName = 'ServiceName', Mandatory = $true,
            ValueFromPipelineByPropertyName = $true)]
        [string[]] $ServiceName,

        [Parameter(ParameterSetName = 'All', Mandatory = $true)]
        [switch] $All,

        [Parameter(ParameterSetName = 'Id', ValueFromPipelineByPropertyName = $true, DontShow = $true)]
        [string] $ProcessName,

        [Parameter(Mandatory = $true)]
        [string] $Package,

        [string[]] $Key,

        [switch] $Quiet
    )

    begin {
        $signed = @(Get-PackageArgument -Cmdlet $PSCmdlet -Bound $PSBoundParameters)
    }
    process {
        $listing = @('check') + $signed
        foreach ($target in Get-HotpatchTarget -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Listing $listing) {
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments (@('check') + $target.Arguments + $signed)
            if (Get-Field $reply.Document 'outcome') {
                $result = ConvertTo-HotpatchResult $reply.Document
                if ($Quiet) { $result.ExitCode -eq 0 } else { $result }
            } else {
                Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $target.Id `
                    -What "$($target.Label) was not asked"
            }
        }
    }
}
