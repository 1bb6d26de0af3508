using System.CommandLine;
using Meshover.Controller.Commands;

// The host listens for SIGTERM itself; a second handler would cut its shutdown short.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
var parsed = ControllerCommands.Create().Parse(args);
var code = await parsed.InvokeAsync(invocation);
return parsed.Errors.Count > 0 ? ControllerCommands.Unusable : code;
