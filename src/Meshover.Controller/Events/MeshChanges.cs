using Meshover.Controller.Live;
using Meshover.Mesh.Events;
using Meshover.Mesh.Findings;

namespace Meshover.Controller.Events;

/// <summary>
/// From two looks at the mesh to what changed between them, as far as nobody has done it: who joined or left and what was granted is in the audit. Pure.
/// </summary>
internal static class MeshChanges
{
    /// <summary>More of a kind at once are told as one: a switch that fails takes hundreds of links along.</summary>
    private const int MostOfAKind = 64;

    /// <summary>The same of one node.</summary>
    private const int MostOfANode = 16;
    private const int MostNamed = 5;

    /// <summary>Each with the node that it is of.</summary>
    public static IEnumerable<NodeChange> Between(MeshLook former, MeshLook next, DateTimeOffset now) => next.Nodes
        .Where(node => former.Nodes.TryGetValue(node.Key, out var was) && was != node.Value)
        .OrderBy(node => node.Key)
        .SelectMany(node => OfNode(former.Nodes[node.Key], node.Value, next)
            .Select(change => change with { Time = now })
            .GroupBy(change => (change.Kind, change.Code))
            .SelectMany(same => Coalesced([.. same], MostOfANode, change => change.Subject))
            .Select(change => new NodeChange(node.Key, change)));

    /// <summary>What is told of all nodes together.</summary>
    public static IEnumerable<MeshEvent> Together(IEnumerable<NodeChange> changes) => changes
        .Select(change => change.Event)
        .GroupBy(change => (change.Kind, change.Code))
        .SelectMany(same => Coalesced([.. same], MostOfAKind, change => $"{change.Node} {change.Subject}".Trim()));

    private static IEnumerable<MeshEvent> OfNode(NodeLook was, NodeLook node, MeshLook mesh)
    {
        if (node.IsOnline != was.IsOnline)
            yield return New(node.IsOnline ? EventKinds.NodeOnline : EventKinds.NodeOffline, node);
        if (node.IsLost && !was.IsLost)
            yield return New(EventKinds.NodeLost, node) with { Code = FindingKinds.NodeLost.Code, Text = FindingKinds.NodeLost.Meaning };
        if (was.Version.Length > 0 && node.Version != was.Version)
            yield return New(EventKinds.NodeUpgraded, node) with { From = was.Version, To = node.Version };
        foreach (var change in Sessions(was, node, mesh).Concat(Findings(was, node)))
            yield return change;
    }

    /// <summary>Each end says it for itself: one that is cut off cannot.</summary>
    private static IEnumerable<MeshEvent> Sessions(NodeLook was, NodeLook node, MeshLook mesh)
    {
        if (was.Down is not { } before || node.Down is not { } after || ReferenceEquals(before, after))
            yield break;
        foreach (var (peer, reason) in after.OrderBy(link => link.Key))
        {
            if (!mesh.Nodes.TryGetValue(peer, out var other) || (before.TryGetValue(peer, out var former) && former == reason))
                continue;
            var kind = before.ContainsKey(peer) ? EventKinds.SessionCause : EventKinds.SessionDown;
            yield return New(kind, node) with { Subject = other.Name, From = before.TryGetValue(peer, out var from) ? CodeOf(from) : "", Code = CodeOf(reason) };
        }
        foreach (var peer in before.Keys.Where(peer => !after.ContainsKey(peer)).Order())
        {
            if (mesh.Nodes.TryGetValue(peer, out var other))
                yield return New(EventKinds.SessionUp, node) with { Subject = other.Name };
        }
    }

    /// <summary>A summary knows no finer causes; the node's own events do.</summary>
    private static string CodeOf(LinkReason reason) => reason switch
    {
        LinkReason.NoAnswer => FindingKinds.PeerUnreached.Code,
        LinkReason.NoSession => FindingKinds.BgpDown.Code,
        LinkReason.NoDirectPath => FindingKinds.NoDirectPath.Code,
        _ => "",
    };

    private static IEnumerable<MeshEvent> Findings(NodeLook was, NodeLook node)
    {
        if (was.Findings is not { } before || node.Findings is not { } after)
            yield break;
        foreach (var code in after.Keys.Where(code => !before.ContainsKey(code)))
        {
            var raised = New(EventKinds.FindingRaised, node) with { Code = code, Text = FindingKinds.Find(code)?.Meaning ?? "" };
            if (EventKinds.IsRefusal(code))
                yield return raised with { Kind = EventKinds.ConfigurationRefused.Name };
            yield return raised;
        }
        foreach (var code in before.Keys.Where(code => !after.ContainsKey(code)))
            yield return New(EventKinds.FindingCleared, node) with { Code = code };
    }

    /// <param name="same">Of a kind and a code.</param>
    /// <param name="most">So many are told one by one.</param>
    /// <param name="nameOf">What an event is called among the others.</param>
    private static List<MeshEvent> Coalesced(List<MeshEvent> same, int most, Func<MeshEvent, string> nameOf) => same.Count <= most
        ? same
        : [same[0] with
        {
            Node = same.TrueForAll(one => one.Node == same[0].Node) ? same[0].Node : "",
            Subject = $"{same.Count} at once",
            From = "",
            To = "",
            Text = string.Join(", ", same.Take(MostNamed).Select(nameOf)) + ", …",
        }];

    private static MeshEvent New(EventKind kind, NodeLook node) => new() { Time = default, Kind = kind.Name, Node = node.Name };
}

/// <param name="Node">Its number: it may change its name.</param>
/// <param name="Event">What changed.</param>
internal readonly record struct NodeChange(uint Node, MeshEvent Event);
