using Meshover.Contract.V1;
using Meshover.Controller.State;
using NodeRecord = Meshover.Controller.State.NodeRecord;

namespace Meshover.Controller.Live;

/// <summary>Tells a node which of its announcements nobody accepts: on each new stream, and when it changes, also to none.</summary>
internal sealed class GrantNotices(LiveNodes live)
{
    private readonly Dictionary<uint, (long Stream, string Prefixes)> _told = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        foreach (var node in members)
        {
            if (live.View(node.Record.Id) is not { IsOnline: true } view)
            {
                _told.Remove(node.Record.Id);
                continue;
            }
            var prefixes = string.Join(", ", Announcements.NotGranted(node.Record, view.Report));
            var told = _told.TryGetValue(node.Record.Id, out var last) && last.Stream == view.Opened ? last.Prefixes : "";
            _told[node.Record.Id] = (view.Opened, prefixes);
            if (prefixes != told)
                live.Notify(node.Record.Id, Notice.Types.Kind.NotGranted, TextOf(node.Record, prefixes));
        }
    }

    /// <summary>Drops a node that is no longer a member.</summary>
    public void Forget(uint node) => _told.Remove(node);

    private static string TextOf(NodeRecord node, string prefixes) => prefixes.Length == 0
        ? ""
        : $"Announced, not granted: {prefixes}. No node accepts it until an administrator runs `meshover grant add {node.HostName} PREFIX`.";
}
