# Changes processes, one after the other: asks first, and what goes wrong with one of them is an
# error that keeps the others from nothing.
function Invoke-HotpatchChange {
    param(
        [System.Management.Automation.PSCmdlet] $Cmdlet,
        # The command of the program.
        [string] $Command,
        [object[]] $Targets,
        [AllowEmptyCollection()] [string[]] $Arguments,
        # What is done, such as "Apply BEAT".
        [string] $Action,
        # The same of something that was not done, such as "BEAT was not applied to".
        [string] $Undone
    )

    foreach ($target in $Targets) {
        if (-not $Cmdlet.ShouldProcess($target.Label, $Action)) { continue }
        $reply = Invoke-HotpatchProgram -Cmdlet $Cmdlet -Activity "$Action, $($target.Label)" `
            -Arguments (@($Command) + $target.Arguments + $Arguments)
        $result = $null
        if (Get-Field $reply.Document 'outcome') {
            $result = ConvertTo-HotpatchResult $reply.Document
            $result
        }
        if ($reply.ExitCode -ne 0) {
            $about = if ($result) { $result } else { $target.Id }
            Write-HotpatchError -Cmdlet $Cmdlet -Reply $reply -What "$Undone $($target.Label)" -Target $about
        }
    }
}
