using Meshover.Cli.CommandLine;
using Meshover.Cli.Daemons;

// The data plane and FRR's keeper load nothing of the agent: a fault there must not be able to stop packets. So they do not even
// build the command line of the others.
var root = args switch
{
    ["dataplane", ..] => Root.Of(DataplaneCommand.Create()),
    ["routing", ..] => Root.Of(RoutingCommand.Create()),
    _ => FullRoot.Create(),
};
return await Root.InvokeAsync(root, args);
