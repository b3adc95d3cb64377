# A field of a document, or nothing where the document does not have it.
function Get-Field {
    param($Document, [string] $Name)

    if ($null -eq $Document) { return }
    $property = $Document.PSObject.Properties[$Name]
    if ($null -ne $property) { $property.Value }
}
