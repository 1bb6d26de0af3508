using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;

namespace Meshover.Cli.Images;

/// <summary><c>meshover prepare-image</c></summary>
internal static class PrepareImageCommand
{
    /// <summary>Of the package; started at each boot, it does nothing on a machine that is a member, or has no join string.</summary>
    private const string JoinUnit = "/usr/lib/systemd/system/meshover-join.service";

    public static Command Create()
    {
        var join = new Option<string?>("--join")
        {
            Description = "Leave this join string in the image, for root only: each copy joins with it at its first boot, and deletes it. Its token must allow as many uses. "
                + "Without it the image joins nothing by itself.",
            HelpName = "STRING|@FILE|-",
        };
        var force = new Option<bool>("--force") { Description = "Also where this machine is a member: it is forgotten here, and an administrator has to remove the node." };
        var command = new ExampleCommand(
            "prepare-image", "Makes of this machine one to be copied: does what `down` does and deletes the identity, which no two machines may share. Settings stay, but for those of one machine.",
            "meshover prepare-image", "meshover prepare-image --join @/root/join")
        {
            join, force,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.Paths(), parsed.GetValue(join), parsed.GetValue(force), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, string? join, bool force, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("prepare-image");
        var image = new ImagePreparation(paths, NodeServices.For(paths, TimeProvider.System), TimeProvider.System, Console.Error.WriteLine);
        await image.RunAsync(JoinSource.Read(join, variable: null, Console.In, cancellationToken), force, cancellationToken);
        await Console.Error.WriteLineAsync("There is no identity on this machine any more: shut it down and copy it.");
        if (join is not null && !File.Exists(JoinUnit))
            await Console.Error.WriteLineAsync($"Nothing joins at boot by itself here, as {JoinUnit} of the package is not there: have each copy run `meshover up --join @{paths.JoinFile}`.");
        return ExitCode.Fine;
    }
}
