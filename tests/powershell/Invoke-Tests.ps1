# Runs the tests beside it with Pester; the exit code is the number of those that failed.
Import-Module Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.Exit = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.Output.RenderMode = 'Plaintext'
if ($args) { $configuration.Run.Path = $args | ForEach-Object { Join-Path $PSScriptRoot "$_.Tests.ps1" } }
Invoke-Pester -Configuration $configuration
