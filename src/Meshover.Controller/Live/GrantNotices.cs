using Meshover.Contract.V1;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>Tells a node which of its announcements nobody accepts, when that changes.</summary>
internal sealed class GrantNotices(LiveNodes live)
{
    private readonly Dictionary<uint, string> _told = [];

    public void Tell(IEnumerable<NodeEntry> members)
    {
        foreach (var node in members)
        {
            var view = live.View(node.Record.Id);
            var prefixes = view is { IsOnline: true } ? string.Join(", ", Announcements.NotGranted(node.Record, view.Report)) : "";
            if (prefixes == _told.GetValueOrDefault(node.Record.Id, ""))
                continue;
            _told[node.Record.Id] = prefixes;
            if (prefixes.Length > 0)
                live.Notify(node.Record.Id, Notice.Types.Kind.NotGranted, $"Announced, not granted: {prefixes}. No node accepts it until an "
                    + $"administrator runs `meshover grant add {node.Record.HostName} PREFIX`.");
        }
    }
}
