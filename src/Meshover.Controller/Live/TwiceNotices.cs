using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>
/// Tells both nodes of a host that lives at two: one of them sees it and says so, the other, whose announcement comes first, cannot. On each new stream, and when it
/// changes, also that it is over. O(all that is announced); of a mesh without such hosts O(nodes).
/// </summary>
internal sealed class TwiceNotices(LiveNodes live)
{
    private const int MostNamed = 10;

    private readonly Dictionary<uint, (long Stream, string Text)> _told = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        var now = live.State;
        var online = members.Select(node => (node.Record, Live: now.Node(node.Record.Id))).Where(node => node.Live is { IsOnline: true }).ToList();
        var twice = online.SelectMany(node => Backed(node.Record, node.Live!.Report)).ToHashSet();
        var places = PlacesOf(twice, online.Select(node => (node.Record, node.Live!.Report)));
        var named = places.Where(place => place.Value.Count > 1).SelectMany(place => place.Value.Select(record => (record.Id, place.Key))).ToLookup(place => place.Id, place => place.Key);
        foreach (var (record, standing) in online)
        {
            var text = string.Join(" ", named[record.Id].Take(MostNamed).Select(prefix => TextOf(prefix, places[prefix])));
            var told = _told.TryGetValue(record.Id, out var last) && last.Stream == standing!.Opened ? last.Text : "";
            if (text.Length > 0)
                _told[record.Id] = (standing!.Opened, text);
            else
                _told.Remove(record.Id);
            if (text != told)
                live.Notify(record.Id, Notice.Types.Kind.Twice, text);
        }
    }

    /// <summary>Drops a node that is no longer a member.</summary>
    public void Forget(uint node) => _told.Remove(node);

    /// <summary>What a node may say of itself, and not of others: hosts that it announces, within its grants.</summary>
    private static IEnumerable<IPNetwork> Backed(StoredNode node, ReportedState report)
    {
        if (report.Twice.IsEmpty)
            return [];
        var announced = report.Announced.ToHashSet();
        var grants = node.Grants.Select(MapModel.ToGrant).ToArray();
        return report.Twice.Where(prefix => announced.Contains(prefix) && Array.Exists(grants, grant => grant.Covers(prefix)));
    }

    /// <summary>Who announces each of these.</summary>
    private static Dictionary<IPNetwork, List<StoredNode>> PlacesOf(HashSet<IPNetwork> hosts, IEnumerable<(StoredNode Record, ReportedState Report)> nodes)
    {
        var places = hosts.ToDictionary(host => host, _ => new List<StoredNode>());
        foreach (var (record, report) in hosts.Count == 0 ? [] : nodes)
        {
            foreach (var host in report.Announced.Where(hosts.Contains).Distinct())
                places[host].Add(record);
        }
        return places;
    }

    // In one order, or the same text would be told again and again.
    private static string TextOf(IPNetwork host, IEnumerable<StoredNode> nodes) =>
        $"A host with the address {host.BaseAddress} lives at {string.Join(" and at ", nodes.Select(node => node.HostName).Order(StringComparer.Ordinal))}. Packets go to the one that came last; give one of them another address.";
}
