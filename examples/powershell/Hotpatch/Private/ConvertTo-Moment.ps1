# A time of a document as local time. PowerShell 7 has read it as a time already, Windows
# PowerShell 5.1 as text.
function ConvertTo-Moment {
    param($Value)

    if ($null -eq $Value) { return }
    if ($Value -is [datetime]) { return $Value.ToLocalTime() }
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    [datetime]::Parse($Value, $invariant, $style).ToLocalTime()
}
