# PowerShell's category of an error with this exit code.
function Get-HotpatchErrorCategory {
    param([int] $ExitCode)

    switch ($ExitCode) {
        2 { 'InvalidArgument' }
        3 { 'InvalidOperation' }
        4 { 'InvalidOperation' }
        5 { 'SecurityError' }
        6 { 'ObjectNotFound' }
        7 { 'ResourceBusy' }
        8 { 'OperationStopped' }
        9 { 'InvalidResult' }
        130 { 'OperationStopped' }
        default { 'NotSpecified' }
    }
}
