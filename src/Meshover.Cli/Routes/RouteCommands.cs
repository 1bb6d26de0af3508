using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Agent.LocalApi;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;

namespace Meshover.Cli.Routes;

/// <summary><c>meshover route explain</c>: which way a packet takes on this node, and why. It asks, and changes nothing.</summary>
internal static class RouteCommands
{
    /// <summary>Of each list.</summary>
    private const int MostShown = 200;

    public static Command Create() => new("route", "Tells which way packets take on this node.") { Explain() };

    private static ExampleCommand Explain()
    {
        var from = new Option<string>("--from") { Description = "The packet's source [default: this node].", HelpName = "ADDRESS" };
        var by = new Option<string>("--by") { Description = "The interface that it comes in by [default: the one that leads back to its source].", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Print JSON (docs/route.schema.json)." };
        var to = new Argument<string>("PREFIX|ADDRESS") { Description = "The packet's destination; of a prefix its first address is taken." };
        var command = new ExampleCommand(
            "explain", "Tells by which interface this node sends a packet, whether it is gathered, who announces its destination, who of them is accepted here and why not, what each way to it costs, and what the kernel holds. "
                + "Exit code: 0 it is sent or is this machine's, 3 it is refused.",
            "meshover route explain 10.64.2.2", "meshover route explain 10.64.2.0/24", "meshover route explain --json 10.64.0.0/16 | jq -r '.announcements[].node'",
            "meshover route explain --from 203.0.113.11 198.51.100.7", "meshover route explain --from 203.0.113.11 --by vmbr0 198.51.100.7")
        {
            to, from, by, json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.Paths(), parsed.GetValue(from) is { } source ? Address(source) : null, Prefix(parsed.GetValue(to)!), parsed.GetValue(by), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, IPAddress? from, IPNetwork asked, string? by, bool json, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("route explain", "asks the node's agent, which answers only root");
        var status = await AgentApi.TryGetStatusAsync(paths.AgentSocket, TimeProvider.System, cancellationToken)
            ?? throw new CliException("The agent does not answer, so that nothing is known of gatherings; `meshover status` says why.");
        var to = Prefixes.AddressIn(asked);
        from ??= IPAddress.Parse(to.AddressFamily == AddressFamily.InterNetwork ? status.Address4 : status.Address6);
        if (from.AddressFamily != to.AddressFamily)
            throw new CliException($"{from} and {to} are of two families; no packet has both.", ExitCode.Usage);
        using var netlink = new RouteNetlink();
        try
        {
            var way = new RouteExplanation(netlink, status).Of(from, to, by);
            var document = Document(way, $"{from}", $"{to}", status, await new PrefixCollector(paths, netlink, status).CollectAsync(asked, cancellationToken));
            if (json)
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(document, RouteJson.Default.RouteDocument));
            else
                RouteText.Write(document);
            return way.Kind == WayKind.Refused ? ExitCode.Degraded : ExitCode.Fine;
        }
        catch (NoWayToTellException e)
        {
            throw new CliException(e.Message, ExitCode.Usage, e);
        }
    }

    private static RouteDocument Document(Explained way, string from, string to, AgentStatus status, PrefixFacts facts)
    {
        var judge = new PrefixJudge(facts);
        var announcements = judge.Announcements().ToList();
        var (holders, held) = (judge.Holders(announcements).ToList(), judge.Held().ToList());
        return new RouteDocument
        {
            Node = status.Hostname,
            From = from,
            To = to,
            Kind = way.Kind.ToString().ToLowerInvariant(),
            Link = way.Link.Length > 0 ? way.Link : null,
            Next = way.Next is { } next ? status.Peers.FirstOrDefault(peer => peer.NodeId == next.Value)?.Hostname : null,
            In = way.In,
            Gathered = way.Gathered,
            Out = way.Out,
            Prefix = $"{facts.Asked}",
            Announcements = [.. announcements.Take(MostShown)],
            Grants = [.. holders.Take(MostShown)],
            Kernel = [.. held.Take(MostShown)],
            More = new[] { announcements.Count, holders.Count, held.Count }.Sum(count => Math.Max(0, count - MostShown)),
            Notes = facts.Notes,
        };
    }

    private static IPAddress Address(string text) => IPAddress.TryParse(text, out var address)
        ? address
        : throw new CliException($"\"{text}\" is not an IP address; write one like 203.0.113.11 or 2001:db8::11.", ExitCode.Usage);

    private static IPNetwork Prefix(string text)
    {
        if (!text.Contains('/', StringComparison.Ordinal))
            return Prefixes.Host(Address(text));
        return Prefixes.TryParse(text, out var prefix, out var error) ? prefix : throw new CliException($"{error}.", ExitCode.Usage);
    }
}
