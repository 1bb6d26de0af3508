using System.CommandLine;
using Meshover.Controller.Commands;

// The host listens for SIGTERM itself; a second handler would cut its shutdown short.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await ControllerCommands.Create().Parse(args).InvokeAsync(invocation);
