function Get-Hotpatch {
    <#
.SYNOPSIS
Shows which patches running processes have.

.DESCRIPTION
It is read from the memory of the processes; no other state is needed. Without parameters it shows
all processes that can be opened and have a patch. Get-HotpatchState shows which processes should
have a patch, and do not.

.PARAMETER Id
Ids of processes, which are shown whether they have a patch or not. Objects that have an Id, such
as those of Get-Process, can be piped in.

.PARAMETER Name
Names of programs, such as server or server.exe.

.PARAMETER PatchId
Ids of patches: only processes that have one of them.

.PARAMETER Package
A package: shows as well the processes that have its module and not the patch, and why not. Its
signature is not needed, for it is only looked at.

.EXAMPLE
Get-Hotpatch

Shows every process that has a patch.

.EXAMPLE
Get-Process server | Get-Hotpatch

Shows every server.exe.

.EXAMPLE
Get-Hotpatch -Package fix.hpk | Where-Object Missing

Shows the processes in which the fix could be and is not, and why.

.OUTPUTS
Hotpatch.Process
#>
    [CmdletBinding(DefaultParameterSetName = 'Name')]
    [OutputType('Hotpatch.Process')]
    param(
        [Parameter(ParameterSetName = 'Id', Mandatory = $true, Position = 0,
            ValueFromPipelineByPropertyName = $true)]
        [Alias('ProcessId', 'PID')]
        [int[]] $Id,

        [Parameter(ParameterSetName = 'Name')]
        [string[]] $Name,

        [string[]] $PatchId,

        [string] $Package
    )

    process {
        $asked = @($null)
        if ($Id) { $asked = $Id }
        foreach ($one in $asked) {
            $call = @('status')
            if ($null -ne $one) { $call += @('--pid', "$one") }
            if ($Package) { $call += @('--package', (Resolve-HotpatchPath -Cmdlet $PSCmdlet -Path $Package)) }
            $reply = Invoke-HotpatchProgram -Cmdlet $PSCmdlet -Arguments $call
            if ($reply.ExitCode -ne 0) {
                $what = if ($null -ne $one) { "process $one was not looked at" } else { 'no process was looked at' }
                Write-HotpatchError -Cmdlet $PSCmdlet -Reply $reply -Target $one -What $what
                continue
            }
            foreach ($process in ConvertTo-HotpatchProcess $reply.Document) {
                $stems = $Name | ForEach-Object { Get-FileStem $_ }
                if ($Name -and $process.ProcessName -notin $stems) { continue }
                if ($PatchId -and -not ($process.Patches | Where-Object { $_.PatchId -in $PatchId })) { continue }
                $process
            }
            $denied = $reply.Document.inaccessible
            if ($denied) { Write-Verbose "$denied processes could not be opened; an elevated prompt shows more" }
        }
    }
}
