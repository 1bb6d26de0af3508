using Meshover.Cli.CommandLine;
using Meshover.Cli.Daemons;

#if MESHOVER_ENGINE
// This is the data plane alone, compiled for newer processors (EngineBuild).
return await Root.InvokeAsync(Root.Of(DataplaneCommand.Create()), args);
#else
if (args is ["dataplane", ..])
    EngineBuild.GoOnAsBest(args);

// The data plane and FRR's keeper load nothing of the agent: a fault there must not be able to stop packets. So they do not even
// build the command line of the others.
var root = args switch
{
    ["dataplane", ..] => Root.Of(DataplaneCommand.Create()),
    ["routing", ..] => Root.Of(RoutingCommand.Create()),
    _ => FullRoot.Create(),
};
return await Root.InvokeAsync(root, args);
#endif
