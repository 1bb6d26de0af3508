using System.CommandLine;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Down;

/// <summary><c>meshover leave</c></summary>
internal static class LeaveCommand
{
    public static Command Create()
    {
        var force = new Option<bool>("--force") { Description = "Leave even if no controller answers; an administrator then has to remove the node." };
        var command = new ExampleCommand(
            "leave", "Signs this node off, so that its name and numbers are free at once, then does what `down` does and deletes the identity.",
            "meshover leave", "meshover leave --force")
        {
            force,
        };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.Paths(), parsed.GetValue(force), parsed.GetValue(GlobalOptions.Debug), cancellationToken));
        return command;
    }

    /// <summary>
    /// Signs off first, while the mesh still carries packets: the controller may be inside it. Where that fails nothing has changed. The
    /// identity is deleted again at the end, as the agent may have written it meanwhile.
    /// </summary>
    private static async Task<int> RunAsync(NodePaths paths, bool force, bool debug, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("leave");
        var time = TimeProvider.System;
        await NodeElsewhere.RefuseAsync(paths, time, cancellationToken);
        using var loggers = Logs.Create(debug);
        await Enrolment.LeaveAsync(paths.StateDirectory, EnrolmentSettings.Controllers(paths), force, loggers.CreateLogger("leave"), time, cancellationToken);
        await new DownSequence(paths, NodeServices.For(paths, time), time, Console.Error.WriteLine).RunAsync(cancellationToken);
        new IdentityStore(paths.StateDirectory).Delete();
        RuntimeFiles.Delete(paths.JoinFile); // or the next boot would join again
        await Console.Error.WriteLineAsync("This machine no longer belongs to a mesh.");
        return ExitCode.Fine;
    }
}
