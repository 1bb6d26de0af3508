using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>
/// Tells both nodes of a host that lives at two: one of them sees it and says so, the other, whose announcement comes first, cannot. On each new stream, and when it
/// changes, also that it is over. O(hosts that are so x nodes).
/// </summary>
internal sealed class TwiceNotices(LiveNodes live)
{
    private const int MostNamed = 10;

    private readonly Dictionary<uint, (long Stream, string Text)> _told = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        var now = live.State;
        var online = members.Select(node => (node.Record, Live: now.Node(node.Record.Id))).Where(node => node.Live is { IsOnline: true }).ToList();
        var twice = online.SelectMany(node => node.Live!.Report.Twice).Distinct().ToList();
        var places = twice.ToDictionary(prefix => prefix, prefix => online.Where(node => node.Live!.Report.Announced.Contains(prefix)).Select(node => node.Record).ToList());
        foreach (var (record, standing) in online)
        {
            var text = string.Join(" ", twice.Where(prefix => places[prefix].Count > 1 && places[prefix].Contains(record)).Take(MostNamed).Select(prefix => TextOf(prefix, places[prefix])));
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

    private static string TextOf(IPNetwork host, IEnumerable<StoredNode> nodes) =>
        $"A host with the address {host.BaseAddress} lives at {string.Join(" and at ", nodes.Select(node => node.HostName))}. Packets go to the one that came last; give one of them another address.";
}
