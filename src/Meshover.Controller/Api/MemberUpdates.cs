using System.Collections.Immutable;
using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Api;

/// <summary>What a node reports and the store keeps: its name and its WireGuard keys.</summary>
internal sealed class MemberUpdates(MeshDirectory directory)
{
    /// <exception cref="RefusalException">The name or the key belongs to another node.</exception>
    public async Task ApplyAsync(uint node, NodeStatus? status, CancellationToken cancel)
    {
        if (directory.State.Member(node) is not { Record: var member } || status is null)
            return;
        var name = status.HasHostname && HostName.TryNormalise(status.Hostname, out var normal, out _) ? normal : member.HostName;
        var keys = KeysOf(status) ?? member.WireGuardKeys;
        if (name == member.HostName && keys.SequenceEqual(member.WireGuardKeys))
            return;
        await directory.ChangeAsync(draft =>
        {
            if (draft.State.Member(node) is { } current)
                Enrolment.Update(draft, current.Record, name, keys);
        }, cancel);
    }

    /// <summary>An agent from before there was a list names the one that it has. Null: nothing is said of keys.</summary>
    private static ImmutableArray<string>? KeysOf(NodeStatus status)
    {
        if (status.WireguardKeys is { Keys: var keys })
            return [.. keys.Select(key => Convert.ToBase64String(key.Span))];
        return status.HasWireguardKey ? [Convert.ToBase64String(status.WireguardKey.Span)] : null;
    }
}
