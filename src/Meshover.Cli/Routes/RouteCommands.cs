using System.CommandLine;
using System.Net;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Linux.Netlink;

namespace Meshover.Cli.Routes;

/// <summary><c>meshover route explain</c>: which way a packet takes on this node. It asks, and changes nothing.</summary>
internal static class RouteCommands
{
    public static Command Create() => new("route", "Tells which way packets take on this node.") { Explain() };

    private static ExampleCommand Explain()
    {
        var from = new Option<string>("--from") { Description = "The packet's source.", HelpName = "ADDRESS", Required = true };
        var by = new Option<string>("--by") { Description = "The interface that it comes in by [default: the one that leads back to its source].", HelpName = "NAME" };
        var to = new Argument<string>("ADDRESS") { Description = "The packet's destination." };
        var command = new ExampleCommand(
            "explain", "Tells by which interface this node sends a packet, and whether it is gathered. Exit code: 0 it is sent or is this machine's, 3 it is refused.",
            "meshover route explain --from 203.0.113.11 198.51.100.7", "meshover route explain --from 203.0.113.11 --by vmbr0 198.51.100.7")
        {
            to, from, by,
        };
        command.SetAction((parsed, cancel) => RunAsync(parsed.Paths(), Address(parsed.GetValue(from)!), Address(parsed.GetValue(to)!), parsed.GetValue(by), cancel));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, IPAddress from, IPAddress to, string? by, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("route explain", "asks the node's agent, which answers only root");
        if (from.AddressFamily != to.AddressFamily)
            throw new CliException($"{from} and {to} are of two families; no packet has both.", ExitCode.Usage);
        var status = await AgentApi.TryGetStatusAsync(paths.AgentSocket, TimeProvider.System, cancellationToken)
            ?? throw new CliException("The agent does not answer, so that nothing is known of gatherings; `meshover status` says why.");
        using var netlink = new RouteNetlink();
        var explanation = new RouteExplanation(netlink, status).Of(from, to, by);
        Print(explanation);
        return explanation.IsRefused ? ExitCode.Degraded : ExitCode.Fine;
    }

    private static void Print(Explained explanation) => Console.Out.Write(string.Concat(explanation.Lines.Select(line => $"{Terminal.Safe(line)}\n")));

    private static IPAddress Address(string text) => IPAddress.TryParse(text, out var address)
        ? address
        : throw new CliException($"\"{text}\" is not an IP address; write one like 203.0.113.11 or 2001:db8::11.", ExitCode.Usage);
}
