# A patch that a process has.
function ConvertTo-HotpatchPatch {
    param($Patch)

    [pscustomobject] @{
        PSTypeName    = 'Hotpatch.Patch'
        PatchId       = $Patch.id
        State         = $Patch.state
        Title         = $Patch.title
        Module        = $Patch.module
        Functions     = @($Patch.functions | ForEach-Object { $_.name })
        AppliedAt     = ConvertTo-Moment $Patch.applied_at
        AppliedBy     = $Patch.applied_by
        Sequence      = $Patch.sequence
        Replaced      = @($Patch.replaced)
        OnStack       = @($Patch.on_stack)
        LoadedVersion = $Patch.loaded_version
        FileVersion   = $Patch.file_version
        IsFrozen      = $Patch.frozen
        Sha256        = $Patch.package_sha256
    }
}
