# A package of the store.
function ConvertTo-StoredPackage {
    param($Package, $Store)

    $held = Get-Field $Package 'held'
    $quarantined = @($Store.quarantined | Where-Object { $_.package -eq $Package.sha256 })
    [pscustomobject] @{
        PSTypeName  = 'Hotpatch.Package'
        PatchId     = $Package.id
        Title       = $Package.title
        Cve         = @($Package.cves)
        Product     = $Package.product
        Sequence    = $Package.sequence
        Module      = $Package.module
        Permit      = $Package.permit
        Refused     = $Package.refused
        AllowedFrom = ConvertTo-Moment (Get-Field $Package 'allowed_from')
        Added       = ConvertTo-Moment $Package.added
        Held        = $null -ne $held
        HeldReason  = Get-Field $held 'reason'
        Quarantined = @($quarantined | ForEach-Object { $_.program })
        Sha256      = $Package.sha256
        Path        = $Package.path
    }
}
