# The program that does the work: $env:HOTPATCH_EXE, else the one beside the module, else the
# one on the path.
function Find-HotpatchProgram {
    param([System.Management.Automation.PSCmdlet] $Cmdlet)

    if ($env:HOTPATCH_EXE) {
        $looked = $env:HOTPATCH_EXE
        $found = Get-Command -Name $looked -CommandType Application -ErrorAction SilentlyContinue
    } else {
        $looked = 'hotpatch'
        $beside = Join-Path -Path $script:ModuleFolder -ChildPath 'hotpatch.exe'
        if (Test-Path -LiteralPath $beside -PathType Leaf) { return $beside }
        $found = Get-Command -Name $looked -CommandType Application -ErrorAction SilentlyContinue
    }
    if ($found) { return @($found)[0].Path }
    $hint = 'Put hotpatch.exe on the path or beside the module, or name it with $env:HOTPATCH_EXE.'
    $record = New-HotpatchError -Id 'ProgramNotFound' -Category ObjectNotFound -Target $looked `
        -Message "There is no program $looked." -Hint $hint
    $Cmdlet.ThrowTerminatingError($record)
}
