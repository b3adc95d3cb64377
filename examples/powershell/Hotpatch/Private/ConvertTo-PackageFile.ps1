# A package that is a file, out of a report of inspect or verify.
function ConvertTo-PackageFile {
    param($Report)

    $package = $Report.package
    $manifest = Get-Field $Report 'manifest'
    $patch = Get-Field $manifest 'patch'
    [pscustomobject] @{
        PSTypeName     = 'Hotpatch.Package'
        PatchId        = $package.id
        Title          = $package.title
        Cve            = @(Get-Field $patch 'cves' | Where-Object { $_ })
        Product        = $package.product
        Sequence       = $package.sequence
        Module         = $package.module
        Classification = $package.classification
        Expires        = ConvertTo-Moment $package.not_after
        Permit         = if (Get-Field $Report 'decision') { 'allowed' } else { 'not judged' }
        Functions      = @(Get-Field $manifest 'function' | Where-Object { $_ } | ForEach-Object { $_.name })
        Signatures     = @($Report.signatures)
        Size           = $package.size
        Sha256         = $package.sha256
        ContentSha256  = $package.content_sha256
        Path           = $package.path
    }
}
