using System.CommandLine;
using Meshover.Kube;

var parsed = KubeCommands.Create().Parse(args);
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });
return parsed.Errors.Count > 0 ? KubeCommands.Unusable : code;
