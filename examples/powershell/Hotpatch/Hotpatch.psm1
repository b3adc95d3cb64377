# Calls hotpatch and makes objects of what it answers. What is decided is decided there.
Set-StrictMode -Version 3.0

$script:ModuleFolder = $PSScriptRoot
foreach ($folder in 'Private', 'Public') {
    foreach ($file in Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath $folder) -Filter '*.ps1') {
        . $file.FullName
    }
}
Register-HotpatchCompleter
