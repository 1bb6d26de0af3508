using System.CommandLine;
using Meshover.Lab;
using Meshover.Lab.Commands;

var parsed = LabCommands.Create(TimeProvider.System).Parse(args);
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
}
catch (OperationCanceledException)
{
    return 130;
}
catch (LabException error)
{
    Console.Error.WriteLine($"meshover-lab: {error.Message}");
    return 1;
}
