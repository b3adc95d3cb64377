# A number as the program reads it, whatever the user's language writes between its digits.
function ConvertTo-Number {
    param([double] $Value)

    $Value.ToString([System.Globalization.CultureInfo]::InvariantCulture)
}
