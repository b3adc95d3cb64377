# Something that was found, or what the program can say about it.
function ConvertTo-HotpatchFinding {
    param($Finding)

    [pscustomobject] @{
        PSTypeName  = 'Hotpatch.Finding'
        Code        = $Finding.code
        Severity    = $Finding.severity
        Title       = $Finding.title
        Subject     = Get-Field $Finding 'subject'
        Detail      = Get-Field $Finding 'detail'
        Explanation = Get-Field $Finding 'explanation'
        Remedy      = $Finding.remedy
    }
}
