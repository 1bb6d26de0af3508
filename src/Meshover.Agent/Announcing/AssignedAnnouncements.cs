using System.Collections.Immutable;
using System.Net.Sockets;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Announcing;

/// <summary>The prefixes that the controller chose for this node, which wished for them (<c>announce: auto/26</c>): what of the node's own grants says so.</summary>
/// <param name="wished">Lengths; up to 32 of IPv4.</param>
/// <param name="self">This node.</param>
internal sealed class AssignedAnnouncements(ImmutableArray<int> wished, Func<NodeId?> self) : IAnnouncementSource
{
    public const string Name = "controller";

    private readonly Pulse _changed = new();
    private SourceAnnouncements _current = new(Name, "") { Announcements = [] };

    public SourceAnnouncements Current => Volatile.Read(ref _current);

    public Task Changed => _changed.Next;

    /// <summary>Takes what a map says.</summary>
    public void Look(MeshMap? map)
    {
        if (Of(map) is var next && next == Current)
            return;
        Volatile.Write(ref _current, next);
        _changed.Beat();
    }

    /// <summary>Follows the map. With nothing wished for it has nothing to do.</summary>
    public async Task RunAsync(AgentLoop loop, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = await loop.WaitForAsync(state => Of(state.Map) != Current, cancellationToken);
            Look(state.Map);
        }
    }

    private SourceAnnouncements Of(MeshMap? map)
    {
        var own = !wished.IsEmpty && self() is { } id ? map?.Nodes.GetValueOrDefault(id) : null;
        var prefixes = own is null ? [] : own.Grants.Where(grant => grant.IsAssigned && IsWished(grant.Prefix.BaseAddress.AddressFamily)).Select(grant => grant.Prefix).ToImmutableArray();
        var status = prefixes.Length == wished.Length ? $"{string.Join(", ", prefixes)}" : "waiting for a prefix";
        return new SourceAnnouncements(Name, status) { Announcements = [.. prefixes] };
    }

    private bool IsWished(AddressFamily family) => wished.Any(length => length > 32 == (family == AddressFamily.InterNetworkV6));
}
