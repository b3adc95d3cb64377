# The processes that are meant, each with the arguments that name it and the words for it.
#
# Which processes -Name and -All mean, the program says: what is asked has to be confirmed for
# each of them.
function Get-HotpatchTarget {
    param(
        [System.Management.Automation.PSCmdlet] $Cmdlet,
        [System.Collections.IDictionary] $Bound,
        # What lists the processes of a name, or all of them, in the form of a report.
        [string[]] $Listing
    )

    switch ($Cmdlet.ParameterSetName) {
        'Id' {
            $name = $Bound['ProcessName']
            foreach ($id in $Bound['Id']) {
                $label = if ($name) { "$name ($id)" } else { "process $id" }
                [pscustomobject] @{ Label = $label; Arguments = @('--pid', "$id"); Id = $id }
            }
        }
        'ServiceName' {
            foreach ($service in $Bound['ServiceName']) {
                [pscustomobject] @{
                    Label     = "the service $service"
                    Arguments = @('--service', $service)
                    Id        = $null
                }
            }
        }
        default {
            $names = @($null)
            if ($Bound.ContainsKey('Name')) { $names = $Bound['Name'] }
            foreach ($name in $names) {
                Find-HotpatchTarget -Cmdlet $Cmdlet -Name $name -Listing $Listing
            }
        }
    }
}
