using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Api;

/// <summary>What a node reports and the store keeps: its name and its WireGuard key.</summary>
internal sealed class MemberUpdates(MeshDirectory directory)
{
    /// <exception cref="RefusalException">The name or the key belongs to another node.</exception>
    public async Task ApplyAsync(uint node, NodeStatus? status, CancellationToken cancel)
    {
        if (directory.State.Member(node) is not { Record: var member } || status is null)
            return;
        var name = status.HasHostname && HostName.TryNormalise(status.Hostname, out var normal, out _) ? normal : member.HostName;
        var key = status.HasWireguardKey ? Convert.ToBase64String(status.WireguardKey.Span) : member.WireGuardKeys[0];
        if (name == member.HostName && key == member.WireGuardKeys[0])
            return;
        await directory.ChangeAsync(draft =>
        {
            if (draft.State.Member(node) is { } current)
                Enrolment.Update(draft, current.Record, name, key);
        }, cancel);
    }
}
