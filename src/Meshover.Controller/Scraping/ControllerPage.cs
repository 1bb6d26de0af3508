using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Administration;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Metrics;

namespace Meshover.Controller.Scraping;

/// <summary>What the controller knows at one moment, of itself and of the mesh.</summary>
/// <param name="Mesh">What is in the store.</param>
/// <param name="Live">What nodes say.</param>
/// <param name="Attentive">The time by which it is told who was not heard for too long.</param>
/// <param name="Now">The wall clock.</param>
/// <param name="MapSpread">How long the newest map took to all streams so far.</param>
/// <param name="StoreBytes">The size of the store's files.</param>
internal sealed record Sight(MeshState Mesh, LiveState Live, TimeSpan Attentive, DateTimeOffset Now, TimeSpan MapSpread, long StoreBytes);

/// <summary>
/// The controller as metrics: some 19 series for each member, and the graph's, of which there are at most 4,200 (<see cref="MeshGraph"/>). Pure but for what
/// the process says of itself.
/// </summary>
internal static class ControllerPage
{
    public static ExpositionWriter Build(Sight sight, MeterReader meters, CheckRun? check = null)
    {
        var writer = new ExpositionWriter();
        writer.Single(ControllerMetrics.Build, 1, ControllerVersion.Text);
        var members = MeshGraph.Members(sight.Mesh, sight.Live, sight.Attentive);
        WriteMembers(writer, members, sight);
        WriteStatements(writer, members, sight.Now);
        WriteController(writer, sight, meters);
        WriteCheck(writer, check, sight.Now);
        WriteGraph(writer, MeshGraph.Of(members));
        ProcessMetrics.Write(writer);
        return writer;
    }

    private static void WriteMembers(ExpositionWriter writer, ImmutableArray<GraphMember> members, Sight sight)
    {
        writer.Begin(ControllerMetrics.Nodes);
        foreach (var state in Enum.GetValues<NodeState>())
            writer.Sample(members.Count(member => member.State == state), MeshGraph.Word(state));
        writer.Begin(ControllerMetrics.NodeInfo);
        foreach (var member in members)
        {
            var record = sight.Mesh.Nodes[member.Id];
            writer.Sample(1, member.HostName, Text(member.Id), record.Reach.Site, Text(record.Record.Asn), member.Live?.LastVersion ?? "");
        }
        Each(writer, ControllerMetrics.NodeState, members, member => (double)member.State);
        Each(writer, ControllerMetrics.NodeLastKnown, members, member => (double?)member.LastKnown);
        Each(writer, ControllerMetrics.NodeConnected, members, member => member.Live is { IsOnline: true } ? 1 : 0);
        Each(writer, ControllerMetrics.NodeHeardAge, members, member => HeardAge(member.Live, sight));
    }

    /// <summary>Seconds; null: it was never heard. Before the controller's start only the wall clock counted.</summary>
    private static double? HeardAge(LiveNode? node, Sight sight) => node switch
    {
        { HeardAt: { } heard } => Math.Max(0, (sight.Attentive - heard).TotalSeconds),
        { IsLastKnown: true } => Math.Max(0, (sight.Now - node.LastSeen).TotalSeconds),
        _ => null,
    };

    /// <summary>What the nodes say themselves, however long ago that was: its age is beside it.</summary>
    private static void WriteStatements(ExpositionWriter writer, ImmutableArray<GraphMember> members, DateTimeOffset now)
    {
        Each(writer, ControllerMetrics.NodeSummaryAge, members, health => Math.Max(0, (now - health.At).TotalSeconds));
        writer.Begin(ControllerMetrics.NodeComponent);
        foreach (var member in members)
            WriteComponents(writer, member.HostName, member.Live?.Health?.Components);
        Each(writer, ControllerMetrics.NodePeers, members, health => health.Peers);
        Each(writer, ControllerMetrics.NodePeersHeard, members, health => health is { Components: not null, DataplaneAge: null } ? null : health.PeersHeard);
        Each(writer, ControllerMetrics.NodePeersUp, members, health => health.LinksUp);
        Each(writer, ControllerMetrics.NodePeersNotUp, members, health => health.NotUp is { } down ? down.NoAnswer + down.NoSession : null);
        Each(writer, ControllerMetrics.NodePeersIndirect, members, health => health.NotUp?.NoDirectPath);
        Each(writer, ControllerMetrics.NodeEstablished, members, health => health.BgpEstablished);
        Each(writer, ControllerMetrics.NodeAccepted, members, health => health.Accepted);
        Each(writer, ControllerMetrics.NodeAnnounced, members, health => health.Announced);
        Each(writer, ControllerMetrics.NodeRefused, members, health => health.Refused);
        // Of one that is not heard yet a counter is from before the start: what came meanwhile would count as of a moment.
        ImmutableArray<GraphMember> heard = [.. members.Where(member => member.LastKnown is null)];
        Each(writer, ControllerMetrics.NodeReceived, heard, health => health.RxBytes);
        Each(writer, ControllerMetrics.NodeTransmitted, heard, health => health.TxBytes);
    }

    private static void WriteComponents(ExpositionWriter writer, string node, ComponentStates? components)
    {
        if (components is null)
            return;
        foreach (var (name, state) in new[] { ("dataplane", components.Dataplane), ("routing", components.Routing), ("kernel", components.Kernel) })
        {
            if (state is not (ComponentState.Off or ComponentState.Unknown))
                writer.Sample(state == ComponentState.Ok ? 1 : 0, node, name);
        }
    }

    private static void WriteController(ExpositionWriter writer, Sight sight, MeterReader meters)
    {
        var (counts, sum) = meters.Durations();
        writer.Single(ControllerMetrics.Streams, (double)sight.Live.Nodes.Values.Sum(node => node.Sessions.Length))
            .Single(ControllerMetrics.StreamsOpened, (double)meters.Count(ControllerMeter.Streams))
            .Single(ControllerMetrics.Reports, (double)meters.Count(ControllerMeter.Reports))
            .Begin(ControllerMetrics.ChangeDuration).Histogram(MeterReader.Bounds, counts, sum)
            .Single(ControllerMetrics.MapSpread, (double?)sight.MapSpread.TotalSeconds)
            .Single(ControllerMetrics.MapRevision, (double)sight.Mesh.MapRevision)
            .Single(ControllerMetrics.StoreRevision, (double)sight.Mesh.Revision)
            .Single(ControllerMetrics.StoreBytes, (double)sight.StoreBytes)
            .Single(ControllerMetrics.RefusedConnections, (double)meters.Count(ControllerMeter.RefusedConnections));
        writer.Begin(ControllerMetrics.RefusedCalls);
        foreach (var (reason, count) in meters.CountsByReason(ControllerMeter.RefusedCalls))
            writer.Sample(count, reason);
        var tokens = sight.Mesh.Tokens.CountBy(token => StateOf(token, sight.Now.ToUnixTimeSeconds())).ToDictionary();
        writer.Begin(ControllerMetrics.Tokens);
        foreach (var state in new[] { "usable", "used-up", "expired", "revoked" })
            writer.Sample(tokens.GetValueOrDefault(state), state);
    }

    private static void WriteCheck(ExpositionWriter writer, CheckRun? check, DateTimeOffset now)
    {
        if (check is null)
            return;
        writer.Begin(ControllerMetrics.CheckProblems);
        foreach (var name in MeshChecks.Names)
            writer.Sample(check.Result.Found[name], name);
        writer.Single(ControllerMetrics.CheckAge, Math.Max(0, (now - check.At).TotalSeconds));
    }

    private static void WriteGraph(ExpositionWriter writer, MeshGraph graph)
    {
        writer.Begin(ControllerMetrics.GraphNodes);
        foreach (var node in graph.Nodes)
            writer.Sample(node.Links.UpShare, node.Id, node.Title, node.Subtitle);
        writer.Begin(ControllerMetrics.GraphEdges);
        foreach (var edge in graph.Edges)
            writer.Sample(edge.Links.UpShare, edge.Id, edge.Source, edge.Target);
    }

    private static string StateOf(TokenRecord token, long now) =>
        token.Revoked ? "revoked" : token.Expires <= now ? "expired" : token.Uses != TokenRecord.Unlimited && token.Used >= token.Uses ? "used-up" : "usable";

    private static void Each(ExpositionWriter writer, Metric metric, ImmutableArray<GraphMember> members, Func<HealthReport, double?> value) =>
        Each(writer, metric, members, (GraphMember member) => member.Live?.Health is { } health ? value(health) : null);

    private static void Each(ExpositionWriter writer, Metric metric, ImmutableArray<GraphMember> members, Func<GraphMember, double?> value)
    {
        writer.Begin(metric);
        foreach (var member in members)
        {
            if (value(member) is { } known)
                writer.Sample(known, member.HostName);
        }
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
