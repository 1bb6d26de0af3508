using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Agent.LocalApi;
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
        var from = new Option<string>("--from") { Description = "The packet's source [default: this node].", HelpName = "ADDRESS" };
        var by = new Option<string>("--by") { Description = "The interface that it comes in by [default: the one that leads back to its source].", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var to = new Argument<string>("ADDRESS") { Description = "The packet's destination." };
        var command = new ExampleCommand(
            "explain", "Tells by which interface this node sends a packet, and whether it is gathered. Exit code: 0 it is sent or is this machine's, 3 it is refused.",
            "meshover route explain 10.64.2.2", "meshover route explain --from 203.0.113.11 198.51.100.7", "meshover route explain --from 203.0.113.11 --by vmbr0 198.51.100.7")
        {
            to, from, by, json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.Paths(), parsed.GetValue(from) is { } source ? Address(source) : null, Address(parsed.GetValue(to)!), parsed.GetValue(by), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, IPAddress? from, IPAddress to, string? by, bool json, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("route explain", "asks the node's agent, which answers only root");
        var status = await AgentApi.TryGetStatusAsync(paths.AgentSocket, TimeProvider.System, cancellationToken)
            ?? throw new CliException("The agent does not answer, so that nothing is known of gatherings; `meshover status` says why.");
        from ??= IPAddress.Parse(to.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? status.Address4 : status.Address6);
        if (from.AddressFamily != to.AddressFamily)
            throw new CliException($"{from} and {to} are of two families; no packet has both.", ExitCode.Usage);
        using var netlink = new RouteNetlink();
        try
        {
            var way = new RouteExplanation(netlink, status).Of(from, to, by);
            if (json)
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(Document(way, $"{from}", $"{to}", status), RouteJson.Default.RouteDocument));
            else
                Print([$"{from} -> {to} on {status.Hostname}", $"in       {way.In}", $"gathered {way.Gathered}", $"out      {way.Out}"]);
            return way.Kind == WayKind.Refused ? ExitCode.Degraded : ExitCode.Fine;
        }
        catch (NoWayToTellException e)
        {
            throw new CliException(e.Message, ExitCode.Usage, e);
        }
    }

    private static RouteDocument Document(Explained way, string from, string to, Contract.V1.AgentStatus status) => new(
        status.Hostname, from, to, way.Kind.ToString().ToLowerInvariant(), way.Link.Length > 0 ? way.Link : null,
        way.Next is { } next ? status.Peers.FirstOrDefault(peer => peer.NodeId == next.Value)?.Hostname : null, way.In, way.Gathered, way.Out);

    private static void Print(IEnumerable<string> lines) => Console.Out.Write(string.Concat(lines.Select(line => $"{Terminal.Safe(line)}\n")));

    private static IPAddress Address(string text) => IPAddress.TryParse(text, out var address)
        ? address
        : throw new CliException($"\"{text}\" is not an IP address; write one like 203.0.113.11 or 2001:db8::11.", ExitCode.Usage);
}

/// <summary>What `meshover route explain --json` prints.</summary>
/// <param name="Node">That was asked.</param>
/// <param name="From">The packet's source.</param>
/// <param name="To">Its destination.</param>
/// <param name="Kind">here, link (to another node), outside or refused.</param>
/// <param name="Link">The interface that it leaves by; null: none.</param>
/// <param name="Next">The node at the link's other end; null: none.</param>
/// <param name="In">Where it comes in, in words.</param>
/// <param name="Gathered">Whether it is gathered, in words.</param>
/// <param name="Out">Where it goes, in words.</param>
internal sealed record RouteDocument(string Node, string From, string To, string Kind, string? Link, string? Next, string In, string Gathered, string Out);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RouteDocument))]
internal sealed partial class RouteJson : JsonSerializerContext;
