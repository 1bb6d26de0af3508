using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;

namespace Meshover.Cli.Down;

/// <summary><c>meshover down</c></summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var command = new ExampleCommand(
            "down", "Stops the daemons and undoes everything that they did to this machine; keeps the identity, so that `up` alone brings the same node back.",
            "meshover down");
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.Paths(), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("down");
        var time = TimeProvider.System;
        await NodeElsewhere.RefuseAsync(paths, time, cancellationToken);
        await new DownSequence(paths, NodeServices.For(paths, time), time, Console.Error.WriteLine).RunAsync(cancellationToken);
        await Console.Error.WriteLineAsync("Down. The identity is kept: `meshover up` brings the same node back, `meshover leave` ends its membership.");
        return ExitCode.Fine;
    }
}
