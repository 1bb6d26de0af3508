using System.CommandLine;
using Meshover.Cli.Administration;
using Meshover.Cli.Announcing;
using Meshover.Cli.Capturing;
using Meshover.Cli.Daemons;
using Meshover.Cli.Debugging;
using Meshover.Cli.Doctor;
using Meshover.Cli.Down;
using Meshover.Cli.Events;
using Meshover.Cli.Frr;
using Meshover.Cli.Images;
using Meshover.Cli.Keys;
using Meshover.Cli.Routes;
using Meshover.Cli.Status;
using Meshover.Cli.Up;
using Meshover.Cli.Vtysh;
using Meshover.Cli.Ways;

namespace Meshover.Cli.CommandLine;

/// <summary>The command line with all its commands.</summary>
internal static class FullRoot
{
    public static RootCommand Create() => Root.Of(
    [
        UpCommand.Create(),
        DownCommand.Create(),
        LeaveCommand.Create(),
        PrepareImageCommand.Create(),
        StatusCommand.Create(),
        PingCommand.Create(),
        TraceCommand.Create(),
        RouteCommands.Create(),
        CaptureCommand.Create(),
        RotateKeyCommand.Create(),
        DoctorCommand.Create(),
        EventsCommand.Create(),
        .. AnnounceCommands.Create(),
        AnnouncementsCommand.Create(),
        .. DrainCommands.Create(),
        DebugCommands.Create(),
        CompletionCommand.Create(),
        VtyshCommand.Create(),
        FrrCommands.Create(),
        RunCommand.Create(),
        AgentCommand.Create(),
        DataplaneCommand.Create(),
        RoutingCommand.Create(),
        DnsCommand.Create(),
        .. AdministrationCommands.Create(),
    ]);
}
