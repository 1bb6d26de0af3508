using System.CommandLine;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Images;

/// <summary><c>meshover prepare-image</c></summary>
internal static class PrepareImageCommand
{
    /// <summary>Of the package; at each boot it joins where there is a join string.</summary>
    private const string JoinUnit = $"/usr/lib/systemd/system/{SystemdServices.JoinUnit}";

    public static Command Create()
    {
        var join = new Option<string?>("--join")
        {
            Description = "Leave this join string in the image, for root only: each copy joins with it at its first boot, and deletes it. Its token must allow as many uses. "
                + "Without it the image joins nothing by itself.",
            HelpName = "STRING|@FILE|-",
        };
        var leave = new Option<bool>("--leave") { Description = "Leave the mesh first, where this machine is a member of one." };
        var force = new Option<bool>("--force") { Description = "With --leave: even if no controller answers; an administrator then has to remove the node." };
        var command = new ExampleCommand(
            "prepare-image", "Makes of this machine one to be copied: does what `down` does and deletes the identity, which no two machines may share. Settings stay, but for those of one machine.",
            "meshover prepare-image", "meshover prepare-image --leave --join - </run/join   (a file that is not in the image)")
        {
            join, leave, force,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.Paths(), parsed.GetValue(join), parsed.GetValue(leave), parsed.GetValue(force), parsed.GetValue(GlobalOptions.Debug), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, string? join, bool leave, bool force, bool debug, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("prepare-image");
        var time = TimeProvider.System;
        await NodeElsewhere.RefuseAsync(paths, time, cancellationToken);
        var left = JoinSource.Read(join, variable: null, Console.In, cancellationToken);
        using var loggers = Logs.Create(debug);
        var image = new ImagePreparation(paths, NodeServices.For(paths, time), time, Console.Error.WriteLine);
        await image.RunAsync(left, leave ? () => Enrolment.LeaveAsync(
            paths.StateDirectory, EnrolmentSettings.Controllers(paths), force, loggers.CreateLogger("prepare-image"), time, cancellationToken) : null, cancellationToken);
        await Console.Error.WriteLineAsync("There is no identity on this machine any more: shut it down and copy it.");
        if (join is not null && !File.Exists(JoinUnit))
            await Console.Error.WriteLineAsync($"Nothing joins at boot by itself here, as {JoinUnit} of the package is not there: have each copy run `meshover up --join @{paths.JoinFile}`.");
        return ExitCode.Fine;
    }
}
