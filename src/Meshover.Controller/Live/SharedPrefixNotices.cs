using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Contract.V1;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>
/// Tells nodes which of their prefixes another node announces as well: anycast, or somebody's mistake; the two cannot tell, nor can the mesh. On each new stream, and
/// when it changes of which prefixes it is so, also that it is over: that another of many places comes or goes is no news to all the others. What is not granted is
/// refused anyhow, and of hosts <see cref="TwiceNotices"/> knows better. O(all that is announced); what is granted of it is looked up where a node said something new.
/// </summary>
internal sealed class SharedPrefixNotices(LiveNodes live)
{
    private const int MostNamed = 10;

    private readonly Dictionary<uint, (long Stream, string Prefixes)> _told = [];
    private readonly Dictionary<uint, (StoredNode Record, ReportedState Report, ImmutableArray<IPNetwork> Granted)> _granted = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        var now = live.State;
        var online = members.Select(node => (node.Record, Live: now.Node(node.Record.Id))).Where(node => node.Live is { IsOnline: true, Report.Announced.IsDefaultOrEmpty: false }).ToList();
        var places = new Dictionary<IPNetwork, List<StoredNode>>();
        foreach (var (record, standing) in online)
        {
            foreach (var prefix in Granted(record, standing!.Report))
            {
                if (!places.TryGetValue(prefix, out var there))
                    places[prefix] = there = [];
                there.Add(record);
            }
        }
        // What all who announce it announce by design is nothing to be told.
        var meant = online.SelectMany(node => node.Live!.Report.Shared.Distinct()).CountBy(prefix => prefix).ToDictionary();
        var shared = places.Where(place => place.Value.Count > 1 && meant.GetValueOrDefault(place.Key) < place.Value.Count).SelectMany(place => place.Value.Select(record => (record.Id, place.Key))).ToLookup(place => place.Id, place => place.Key);
        foreach (var node in now.Nodes.Where(node => node.Value.IsOnline && (shared.Contains(node.Key) || _told.ContainsKey(node.Key))))
            Tell(node.Key, node.Value, [.. shared[node.Key].OrderBy(prefix => $"{prefix}", StringComparer.Ordinal).Take(MostNamed)], places);
    }

    /// <summary>Drops a node that is no longer a member.</summary>
    public void Forget(uint node)
    {
        _told.Remove(node);
        _granted.Remove(node);
    }

    private ImmutableArray<IPNetwork> Granted(StoredNode record, ReportedState report)
    {
        if (!_granted.TryGetValue(record.Id, out var last) || !ReferenceEquals(last.Record, record) || !ReferenceEquals(last.Report, report))
            _granted[record.Id] = last = (record, report, [.. report.Announced.Distinct().Except(Announcements.NotGranted(record, report)).Where(IsNetwork)]);
        return last.Granted;
    }

    private void Tell(uint node, LiveNode standing, List<IPNetwork> prefixes, Dictionary<IPNetwork, List<StoredNode>> places)
    {
        var told = _told.TryGetValue(node, out var last) && last.Stream == standing.Opened ? last.Prefixes : "";
        var now = string.Join(' ', prefixes);
        if (now.Length > 0)
            _told[node] = (standing.Opened, now);
        else
            _told.Remove(node);
        if (now != told)
            live.Notify(node, Notice.Types.Kind.SamePrefix, string.Join(" ", prefixes.Select(prefix => TextOf(prefix, node, places[prefix]))));
    }

    private static bool IsNetwork(IPNetwork prefix) => prefix.PrefixLength < (prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);

    private static string TextOf(IPNetwork prefix, uint node, IEnumerable<StoredNode> places) =>
        $"{prefix} is announced by {string.Join(" and ", places.Where(place => place.Id != node).Select(place => place.HostName).Take(3))} as well: packets go to the nearer one. If that is not meant, take it away from one of them.";
}
