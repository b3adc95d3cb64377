# The name of an exit code that an error has where no finding gives it one.
function Get-HotpatchExitName {
    param([int] $ExitCode)

    switch ($ExitCode) {
        2 { 'Usage' }
        3 { 'NothingChanged' }
        4 { 'RestartRequired' }
        5 { 'Untrusted' }
        6 { 'WrongTarget' }
        7 { 'Busy' }
        8 { 'HealthGate' }
        9 { 'NotAsDesired' }
        130 { 'Interrupted' }
        default { 'Error' }
    }
}
