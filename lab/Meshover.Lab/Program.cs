using System.CommandLine;
using Meshover.Lab;
using Meshover.Lab.Commands;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Processes;
using Meshover.Linux.Sysctl;

var parsed = LabCommands.Create(TimeProvider.System).Parse(args);
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception error) when (error is LabException or NetworkNamespaceException or NetlinkException or SysctlException or ProcessException or NftException or IOException)
{
    Console.Error.WriteLine($"meshover-lab: {error.Message}");
    return 1;
}
