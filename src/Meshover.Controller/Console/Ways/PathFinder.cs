using System.Collections.Concurrent;
using System.Collections.Immutable;
using Meshover.Console.UseCases;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Ways;

namespace Meshover.Controller.Console.Ways;

/// <summary>
/// Goes the way of packets between two ends, there and back, by <see cref="WayWalk"/>, as <c>meshover why</c> does. At most two questions for each hop (its step, and
/// the round trip of the link that it names) and two for the ends' link.
/// </summary>
internal sealed class PathFinder(MeshState mesh, LiveState live, NodeAsker asker)
{
    private const int MostNamed = 4;

    /// <summary>Who gave no answer, and why: it is not waited for again.</summary>
    private readonly ConcurrentDictionary<uint, string> _silent = new();

    /// <exception cref="RefusalException">An end is neither a node nor an address, or both are one.</exception>
    public async Task<PathReport> FindAsync(PathWish wish, CancellationToken cancel)
    {
        var (from, to) = PathEnds.Find(mesh, live, wish.From, wish.To, wish.IPv4);
        if (from.Nodes.IsEmpty)
            throw new RefusalException(RefusalReason.Precondition, $"No node of the mesh has {from.Name}, or announces it: a path begins at a node, or behind one. Name it as the other end.");
        if (from.Address.Equals(to.Address))
            throw new RefusalException(RefusalReason.Precondition, "Name two ends: from itself to itself a node needs no mesh.");
        var going = WalkAsync(from, to, cancel);
        var coming = to.Nodes.IsEmpty ? null : WalkAsync(to, from, cancel);
        var there = await going;
        // What is outside of the mesh comes back where it went out.
        var back = coming is not null ? await coming
            : there is { Arrives: true, Steps: [.., var last] } && mesh.MemberByHostName(last.Node) is { } exit ? await WalkAsync(to with { Nodes = [exit.Record] }, from, cancel)
            : new PathWay(to.Name, from.Name, $"{to.Address}", $"{from.Address}", false, [], "It is not known where answers come into the mesh, as the way there does not lead out of it.");
        var links = !from.IsBehind && !to.IsBehind ? await LinksAsync(from.Nodes[0], to.Nodes[0], cancel) : [];
        return new PathReport(there, back, links, [.. NotesOf(from), .. NotesOf(to)]);
    }

    private async Task<PathWay> WalkAsync(PathEnd from, PathEnd to, CancellationToken cancel)
    {
        var walk = new WayWalk(from.Nodes[0].Id, new WayEnd(to.Name, [.. to.Nodes.Select(node => node.Id)], to.IsBehind), NameOf);
        var rtts = new List<double?>();
        while (walk.Asks is { } id)
        {
            try
            {
                if (_silent.TryGetValue(id, out var why))
                    throw new RefusalException(RefusalReason.Unanswered, why);
                var step = await asker.StepAsync(id, NameOf(id)!, $"{to.Address}", $"{from.Address}", cancel);
                rtts.Add(step.Kind == WayKind.Link ? await RttAsync(step, cancel) : null);
                walk.Take(step);
            }
            catch (RefusalException e)
            {
                _silent[id] = e.Message;
                walk.Unanswered(e.Message);
            }
        }
        var steps = walk.Steps.Select((step, i) => new PathStep(step.Name, step.Kind == WayKind.Link ? NameOf(step.Next) ?? "" : "", rtts[i], step.Out, step.Gathered ?? ""));
        return new PathWay(from.Name, to.Name, $"{from.Address}", $"{to.Address}", walk.Arrives, [.. steps], walk.Ends ?? "");
    }

    /// <summary>As it said by itself, in a small mesh; else it is asked.</summary>
    private async Task<double?> RttAsync(WayStep step, CancellationToken cancel) =>
        live.Node(step.Node)?.Health?.Figures.GetValueOrDefault(step.Next).Rtt is { } told ? told.TotalMilliseconds
        : await LinkAsync(step.Node, step.Name, step.Next, cancel) is { RttMs: >= 0 } link ? link.RttMs : null;

    private async Task<ImmutableArray<PathLink>> LinksAsync(StoredNode a, StoredNode b, CancellationToken cancel)
    {
        var links = ImmutableArray.CreateBuilder<PathLink>(2);
        foreach (var (node, peer) in ((StoredNode, StoredNode)[])[(a, b), (b, a)])
        {
            if (await LinkAsync(node.Id, node.HostName, peer.Id, cancel) is { } said)
                links.Add(new PathLink(node.HostName, peer.HostName, said.Path, said.PathReason, said.Endpoint, said.BgpState, said.BfdState, said.RttMs < 0 ? null : said.RttMs));
        }
        return links.ToImmutable();
    }

    /// <summary>Null: it does not answer, which the ways have said, or does not know that node.</summary>
    private async Task<PeerStatus?> LinkAsync(uint id, string node, uint peer, CancellationToken cancel)
    {
        if (_silent.ContainsKey(id))
            return null;
        try
        {
            var answer = await asker.AskAsync(node, new NodeQuestion { Peers = new PeersQuestion { Above = peer - 1 } }, cancel);
            return answer.Peers.Peers.FirstOrDefault(one => one.NodeId == peer);
        }
        catch (RefusalException e)
        {
            _silent[id] = e.Message;
            return null;
        }
    }

    private string? NameOf(uint id) => mesh.Member(id)?.Record.HostName;

    private static IEnumerable<(string, string)> NotesOf(PathEnd end)
    {
        if (end.Nodes.IsEmpty)
            yield return ($"{end.Name} is outside of the mesh: no node has it or announces it.", $"{end.Name} はメッシュの外にあります。どのノードのアドレスでもなく、広告もされていません。");
        if (end.Nodes.Length > 1)
        {
            var names = string.Join(", ", end.Nodes.Take(MostNamed).Select(node => node.HostName)) + (end.Nodes.Length > MostNamed ? ", …" : "");
            yield return ($"{end.Name} is announced by {end.Nodes.Length} nodes ({names}): the way from it begins at {end.Nodes[0].HostName}.", $"{end.Name} は {end.Nodes.Length} ノード({names})が広告しています。そこからの経路は {end.Nodes[0].HostName} を起点に調べました。");
        }
    }
}
