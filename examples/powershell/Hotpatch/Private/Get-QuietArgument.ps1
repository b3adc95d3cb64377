# How to wait for a quiet moment, and the audit log, as arguments.
function Get-QuietArgument {
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [System.Collections.IDictionary] $Bound)

    if ($Bound.ContainsKey('Timeout')) { '--timeout'; ConvertTo-Number $Bound['Timeout'] }
    if ($Bound.ContainsKey('MaxFreeze')) { '--max-freeze'; ConvertTo-Number $Bound['MaxFreeze'] }
    foreach ($function in $Bound['AllowOnStack']) { '--allow-on-stack'; $function }
    if ($Bound['AuditLog']) { '--audit-log'; Resolve-HotpatchPath -Cmdlet $Cmdlet -Path $Bound['AuditLog'] }
}
