using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Events;
using Meshover.Contract.V1;
using Meshover.Mesh.Events;
using Meshover.Mesh.Ways;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover why A B</c>: the way from one node to another and back, node by node, and what changed there last.</summary>
internal static class WhyCommand
{
    private const int MostEvents = 8;
    private static readonly TimeSpan Recently = TimeSpan.FromHours(1);

    public static Command Create()
    {
        var (one, other) = (new Argument<string>("A") { Description = "A node's hostname or id." }, new Argument<string>("B") { Description = "Another's." });
        var ipv4 = new Option<bool>("-4") { Description = "Look at IPv4 [default: IPv6]." };
        var json = AdminOptions.Json();
        var command = new ExampleCommand(
            "why", "Tells how packets go from one node to another and back, by asking each node on the way for what its kernel does, where that ends, and what changed last. "
            + "Exit code: 0 both ways lead there, 3 one does not.",
            "meshover why web-1 db-1", "meshover why --json web-1 db-1 | jq .back.ends")
        {
            one, other, ipv4, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var run = new Run(parsed.GetRequiredValue(AdminOptions.Socket), parsed.GetValue(ipv4));
            var document = await run.LookAsync(parsed.GetRequiredValue(one), parsed.GetRequiredValue(other), cancel);
            if (parsed.GetValue(json))
                AdminJson.Write(document, AdminJson.Default.WhyDocument);
            else
                Print(document);
            return document.There.Arrives && document.Back.Arrives ? ExitCode.Fine : ExitCode.Degraded;
        });
        return command;
    }

    private static void Print(WhyDocument document)
    {
        foreach (var way in (WayDocument[])[document.There, document.Back])
        {
            Say($"{way.From} -> {way.To} ({way.Address}): {(way.Arrives ? "arrives" : "does not arrive")}");
            foreach (var step in way.Steps)
                Say($"  {step.Node}: {step.Out}{(step.Gathered is { } gathered ? $"; gathered {gathered}" : "")}");
            if (way.Ends is { } ends)
                Say($"  {ends}");
        }
        foreach (var link in document.Links)
            Say($"link of {link.Node} with {link.Peer}: {link.Path}{(link.Reason is { } reason ? $", {reason}" : "")}, BGP {(link.Bgp.Length > 0 ? link.Bgp : "none")}, BFD {(link.Bfd.Length > 0 ? link.Bfd : "none")}");
        Say(document.Events.IsEmpty ? "Nothing changed there in the last hour." : "What changed there last:");
        foreach (var change in document.Events)
            Say($"  {change}");
    }

    private static void Say(string line) => Console.Out.WriteLine(Terminal.Safe(line));

    private sealed class Run(string socket, bool ipv4)
    {
        private Dictionary<uint, NodeRecord> _nodes = [];

        public async Task<WhyDocument> LookAsync(string one, string other, CancellationToken cancel)
        {
            _nodes = (await AdminCalls.CallAsync(socket, (api, options) => api.ListNodesAsync(new ListNodesRequest(), options), cancel)).Nodes.ToDictionary(node => node.Id);
            var (a, b) = (Find(one), Find(other));
            if (a.Id == b.Id)
                throw new CliException("Name two nodes: from itself to itself a node needs no mesh.", ExitCode.Usage);
            var there = await WayAsync(a, b, cancel);
            var back = await WayAsync(b, a, cancel);
            var links = new List<WhyLink>();
            foreach (var (node, peer) in ((NodeRecord, NodeRecord)[])[(a, b), (b, a)])
            {
                if (await LinkAsync(node, peer, cancel) is { } link)
                    links.Add(link);
            }
            return new WhyDocument(there, back, [.. links], await EventsAsync([a, b, .. OnTheWay(there, back)], cancel));
        }

        private NodeRecord Find(string name) =>
            _nodes.Values.FirstOrDefault(node => string.Equals(node.Hostname, name, StringComparison.OrdinalIgnoreCase) || node.Id.ToString(CultureInfo.InvariantCulture) == name)
            ?? throw new CliException($"There is no node \"{name}\" in the mesh. `meshover node list` shows the ones there are.");

        /// <summary>Goes the way of a packet: each node is asked for its own step.</summary>
        private async Task<WayDocument> WayAsync(NodeRecord from, NodeRecord to, CancellationToken cancel)
        {
            var (source, destination) = ipv4 ? (from.Address4, to.Address4) : (from.Address6, to.Address6);
            var walk = new WayWalk(from.Id, new WayEnd(to.Hostname, [to.Id], IsBehind: false), id => _nodes.GetValueOrDefault(id)?.Hostname);
            while (walk.Asks is { } id)
            {
                try
                {
                    var question = new NodeQuestion { Way = new WayQuestion { To = destination, From = source } };
                    walk.Take(ToStep(_nodes[id], (await NodeStatusCommand.AskAsync(socket, _nodes[id].Hostname, question, cancel)).Way));
                }
                catch (CliException e)
                {
                    walk.Unanswered(e.Message);
                }
            }
            var steps = walk.Steps.Select(step => new StepDocument(step.Name, Word(step.Kind), step.Link.Length > 0 ? step.Link : null, step.Out, step.Gathered));
            return new WayDocument(from.Hostname, to.Hostname, destination, walk.Arrives, [.. steps], walk.Ends);
        }

        private static WayStep ToStep(NodeRecord node, WayAnswer way) => new(
            node.Id, node.Hostname,
            way.Kind switch
            {
                WayAnswer.Types.Kind.Here => WayKind.Here,
                WayAnswer.Types.Kind.Link => WayKind.Link,
                WayAnswer.Types.Kind.Outside => WayKind.Outside,
                _ => WayKind.Refused,
            },
            way.NextNode, way.Link, way.Out, way.Gathered.StartsWith("no:", StringComparison.Ordinal) ? null : way.Gathered);

        private static string Word(WayKind kind) => kind.ToString().ToLowerInvariant();

        /// <summary>What a node says of its link with another; null: it does not answer, which the ways have said.</summary>
        private async Task<WhyLink?> LinkAsync(NodeRecord node, NodeRecord peer, CancellationToken cancel)
        {
            try
            {
                var question = new NodeQuestion { Peers = new PeersQuestion { Above = peer.Id - 1 } };
                var said = (await NodeStatusCommand.AskAsync(socket, node.Hostname, question, cancel)).Peers.Peers.FirstOrDefault(one => one.NodeId == peer.Id);
                return said is null
                    ? new WhyLink(node.Hostname, peer.Hostname, "none", "it does not know that node", null, "", "")
                    : new WhyLink(node.Hostname, peer.Hostname, said.Path, said.PathReason.Length > 0 ? said.PathReason : null, said.Endpoint.Length > 0 ? said.Endpoint : null, said.BgpState, said.BfdState);
            }
            catch (CliException)
            {
                return null;
            }
        }

        private IEnumerable<NodeRecord> OnTheWay(params WayDocument[] ways) =>
            ways.SelectMany(way => way.Steps).Select(step => _nodes.Values.First(node => node.Hostname == step.Node));

        /// <summary>The newest last.</summary>
        private async Task<ImmutableArray<string>> EventsAsync(IEnumerable<NodeRecord> nodes, CancellationToken cancel)
        {
            var found = new List<MeshEvent>();
            foreach (var node in nodes.DistinctBy(node => node.Id))
                found.AddRange((await MeshEventsReader.ReadAsync(socket, node.Hostname, TimeProvider.System.GetUtcNow() - Recently, MostEvents, cancel)).Events);
            return [.. found.Distinct().OrderBy(change => change.Time).TakeLast(MostEvents).Select(change => change.ToString())];
        }
    }
}

/// <summary>What `meshover why --json` prints. Fields are only ever added.</summary>
/// <param name="There">From A to B.</param>
/// <param name="Back">From B to A.</param>
/// <param name="Links">What each of the two says of its link with the other.</param>
/// <param name="Events">What changed at the nodes on the way in the last hour, the newest last, in words.</param>
internal sealed record WhyDocument(WayDocument There, WayDocument Back, ImmutableArray<WhyLink> Links, ImmutableArray<string> Events);

/// <param name="From">Hostname.</param>
/// <param name="To">Hostname.</param>
/// <param name="Address">Of the destination.</param>
/// <param name="Arrives">Whether it gets there by what the nodes' kernels say.</param>
/// <param name="Steps">Each node on the way.</param>
/// <param name="Ends">Where and why it ends; null: it arrives.</param>
internal sealed record WayDocument(string From, string To, string Address, bool Arrives, ImmutableArray<StepDocument> Steps, string? Ends);

/// <param name="Node">Hostname.</param>
/// <param name="Kind">here, link, outside or refused.</param>
/// <param name="Link">The interface that it leaves by; null: none.</param>
/// <param name="Out">The same in words.</param>
/// <param name="Gathered">By whom it is gathered; null: it is not.</param>
internal sealed record StepDocument(string Node, string Kind, string? Link, string Out, string? Gathered);

/// <param name="Node">Who says it.</param>
/// <param name="Peer">Of which node.</param>
/// <param name="Path">direct, transit or none.</param>
/// <param name="Reason">Why it is not direct; null: it is.</param>
/// <param name="Endpoint">Where it is reached; null: nowhere.</param>
/// <param name="Bgp">FRR's own word; empty: no session.</param>
/// <param name="Bfd">up or down; empty: not known.</param>
internal sealed record WhyLink(string Node, string Peer, string Path, string? Reason, string? Endpoint, string Bgp, string Bfd);
