using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Mesh.Findings;

namespace Meshover.Controller.Console;

/// <summary>Makes the console's view of the mesh from the two states that are published, and keeps it for as long as neither changes.</summary>
internal sealed class MeshPicture(MeshDirectory directory, LiveNodes live, Nodes nodes, TimeProvider time)
{
    /// <summary>Nodes that nobody hears change by time alone.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    internal const string LostCode = "node-lost";
    private const int MostNamed = 12;
    private static readonly ImmutableSortedDictionary<string, int> NoFindings = ImmutableSortedDictionary<string, int>.Empty;

    private readonly LinkTraffic _traffic = new();
    private volatile Taken? _last;

    public MeshView Look()
    {
        var (mesh, seen) = (directory.State, live.State);
        if (_last is { } last && ReferenceEquals(last.Mesh, mesh) && ReferenceEquals(last.Live, seen) && time.GetElapsedTime(last.At) < Longest)
            return last.View;
        var taken = new Taken(mesh, seen, time.GetTimestamp(), Make(mesh, seen));
        _last = taken;
        return taken.View;
    }

    private MeshView Make(MeshState mesh, LiveState seen)
    {
        var members = MeshGraph.Members(mesh, seen, live.Clock.Now);
        var states = members.ToDictionary(member => member.Id, member => member.State);
        var graph = MeshGraph.Of(members);
        _traffic.Take(members);
        return new MeshView
        {
            Nodes = [.. nodes.List(withRemoved: true).Select(view => ToRow(view, states)).OrderBy(node => node.Name, StringComparer.Ordinal)],
            Vertices = [.. graph.Nodes.Select(ToVertex)],
            Links = [.. graph.Edges.Select(ToLink)],
            Problems = ProblemsOf(members),
        };
    }

    private static NodeRow ToRow(NodeView view, Dictionary<uint, NodeState> states)
    {
        var ((node, reach), seen) = (view.Node, view.Live);
        var isMember = states.TryGetValue(node.Id, out var state);
        var health = seen?.Health;
        return new NodeRow(
            node.Id, node.HostName, reach.Site, isMember ? MeshGraph.Word(state) : "removed", isMember ? HealthOf(state) : Health.Unknown, seen?.IsOnline ?? false, seen?.LastSeen,
            node.Address4, node.Address6, node.TunnelAddress, node.Asn, seen?.LastVersion ?? "", reach.Transit, !isMember, health?.LinksUp, health?.NotUp?.Total,
            health?.RxBytes, health?.TxBytes, DateTimeOffset.FromUnixTimeSeconds(node.Enrolled))
        {
            Further = [.. node.Further.Select(further => new AddressRow(further.Address, further.Note))],
            Tags = node.Tags,
            Endpoints = [.. reach.Endpoints.Select(endpoint => new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port).ToString())],
            Grants = [.. node.Grants.Select(MeshPort.ToRow)],
            Announced = [.. seen?.Report.Announced.Select(prefix => prefix.ToString()) ?? []],
            NotGranted = [.. view.NotGranted.Select(prefix => prefix.ToString())],
            Shared = [.. seen?.Report.Shared.Select(prefix => prefix.ToString()) ?? []],
            Twice = [.. seen?.Report.Twice.Select(prefix => prefix.ToString()) ?? []],
            Gathers = reach.Gathers is { } gathers ? new GatherRow(gathers.Prefixes, gathers.Priority, gathers.Failing) : null,
            IsDraining = reach.Draining,
            Since = isMember ? seen?.Judged?.Since : null,
            LastKnown = isMember && seen is { IsLastKnown: true, Judged: { } known } ? MeshGraph.Word(known.State) : null,
        };
    }

    private static Vertex ToVertex(GraphNode node) => new(
        node.Id, node.Title, node.Members.Length == 1 ? node.Members[0].Site : "", node.State, node.Members.Min(member => HealthOf(member.State)), node.Members.Length,
        node.Members.Length == 1 && node.Members[0].IsTransit);

    private Link ToLink(GraphEdge edge) => new(
        edge.Id, edge.Source, edge.Target, edge.State,
        edge.Links.NotUp > 0 ? Health.Bad : edge.Links.Up > 0 ? Health.Fine : edge.Links.Indirect > 0 ? Health.Warning : Health.Unknown, edge.Rtt?.TotalMilliseconds)
    {
        BytesPerSecond = uint.TryParse(edge.Source, CultureInfo.InvariantCulture, out var one) && uint.TryParse(edge.Target, CultureInfo.InvariantCulture, out var other)
            ? _traffic.Between(one, other) : null, // between groups it is not known
    };

    private static Health HealthOf(NodeState state) => state switch
    {
        NodeState.Ok => Health.Fine,
        NodeState.Lost => Health.Bad,
        NodeState.Degraded or NodeState.Starting => Health.Warning,
        _ => Health.Unknown,
    };

    /// <summary>What the members find, by code, and who is not heard. O(members + findings).</summary>
    private static ImmutableArray<Problem> ProblemsOf(ImmutableArray<GraphMember> members)
    {
        var found = members.Where(member => member.State is not NodeState.Lost && member.LastKnown is null)
            .SelectMany(member => member.Live?.Health?.Findings ?? NoFindings, (member, finding) => (member.HostName, finding.Key, finding.Value))
            .GroupBy(finding => finding.Key, (code, nodes) => ToProblem(code, [.. nodes.Select(node => (node.HostName, node.Value))]));
        var lost = members.Where(member => member.State == NodeState.Lost).Select(member => member.HostName).ToList();
        IEnumerable<Problem> unheard = lost.Count == 0 ? [] : [Unheard([.. lost.Take(MostNamed)], lost.Count)];
        return [.. unheard.Concat(found).OrderBy(problem => problem.Health).ThenBy(problem => problem.Code, StringComparer.Ordinal)];
    }

    /// <summary>What the controller finds itself.</summary>
    internal static Problem Unheard(ImmutableArray<string> nodes, int count) => new(LostCode, Health.Bad, "fault", "The controller has not heard from a node for 105 s. It may carry all its traffic all the same.",
        "Look at that machine and its way to the controller; its peers say whether they still reach it.", nodes, count);

    internal static Problem ToProblem(string code, ImmutableArray<(string Node, int Count)> at)
    {
        var kind = FindingKinds.All.FirstOrDefault(kind => kind.Code == code);
        ImmutableArray<string> names = [.. at.Select(one => one.Node).Order(StringComparer.Ordinal).Take(MostNamed)];
        return new Problem(code, HealthOf(kind?.Severity), kind?.SeverityWord ?? "warning", kind?.Meaning ?? "Something that this release has no word for.",
            kind?.Advice ?? "Upgrade the controller, or run `meshover status` on the node.", names, at.Sum(one => one.Count));
    }

    internal static Health HealthOf(FindingSeverity? severity) => severity switch
    {
        FindingSeverity.Notice => Health.Unknown,
        FindingSeverity.Fault => Health.Bad,
        _ => Health.Warning,
    };

    private sealed record Taken(MeshState Mesh, LiveState Live, long At, MeshView View);
}
