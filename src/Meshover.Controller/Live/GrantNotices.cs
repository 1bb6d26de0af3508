using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>Tells a node which of its announcements nobody accepts: on each new stream, and when it changes, also to none.</summary>
internal sealed class GrantNotices(LiveNodes live)
{
    private const int MostNamed = 20;

    private readonly Dictionary<uint, (long Stream, string Prefixes)> _told = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        var now = live.State;
        foreach (var node in members)
        {
            var id = node.Record.Id;
            var standing = now.Node(id) ?? LiveNode.Unheard;
            var prefixes = standing.IsOnline ? Named([.. Announcements.NotGranted(node.Record, standing.Report)]) : "";
            var told = _told.TryGetValue(id, out var last) && last.Stream == standing.Opened ? last.Prefixes : "";
            if (prefixes.Length > 0)
                _told[id] = (standing.Opened, prefixes);
            else
                _told.Remove(id);
            if (standing.IsOnline && prefixes != told)
                live.Notify(id, Notice.Types.Kind.NotGranted, TextOf(node.Record, prefixes));
        }
    }

    /// <summary>Drops a node that is no longer a member.</summary>
    public void Forget(uint node) => _told.Remove(node);

    private static string Named(IReadOnlyList<IPNetwork> prefixes) =>
        string.Join(", ", prefixes.Take(MostNamed)) + (prefixes.Count > MostNamed ? $" and {prefixes.Count - MostNamed} more" : "");

    private static string TextOf(StoredNode node, string prefixes) => prefixes.Length == 0
        ? ""
        : $"Announced but not granted: {prefixes}. Other nodes refuse this until an administrator runs `meshover grant add {node.HostName} PREFIX`.";
}
