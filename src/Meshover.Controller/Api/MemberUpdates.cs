using System.Collections.Immutable;
using System.Threading.RateLimiting;
using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Api;

/// <summary>
/// What a node reports and the store keeps: its name, its WireGuard keys, and a prefix of its own where it wishes for one. What belongs to another
/// node it does not get, and is told so; its stream goes on, for without it the node would hear of no removal any more. Each change is one for everybody, so a node that changes
/// all the time waits between them.
/// </summary>
internal sealed class MemberUpdates(MeshDirectory directory) : IDisposable
{
    private static readonly Rate Changes = new(AtOnce: 10, PerSecond: 1 / 6.0);

    private readonly PartitionedRateLimiter<uint> _pace = PartitionedRateLimiter.Create<uint, uint>(
        node => RateLimitPartition.GetTokenBucketLimiter(node, _ => CallerLimits.Bucket(Changes, queue: int.MaxValue)));

    /// <summary>What a stream begins with. A node that has not heard yet that an administrator renamed it says its former name, and does not mean it.</summary>
    /// <param name="session">The stream.</param>
    /// <param name="hello">With the map that the node has.</param>
    /// <param name="cancel">Ends it.</param>
    public Task ApplyAsync(NodeSession session, NodeHello hello, CancellationToken cancel)
    {
        var state = directory.State;
        var hasHeard = hello.StoreId == state.Mesh.StoreId && hello.Revision > (state.Member(session.Node)?.Record.RenamedAfter ?? 0);
        return ApplyAsync(session, hasHeard ? hello.Status : WithoutFormerName(session, hello.Status), cancel);
    }

    /// <summary>What it says later: of its name what the map told it, perhaps before the last renaming.</summary>
    public Task ApplyLaterAsync(NodeSession session, NodeStatus? status, CancellationToken cancel) => ApplyAsync(session, WithoutFormerName(session, status), cancel);

    private NodeStatus? WithoutFormerName(NodeSession session, NodeStatus? status)
    {
        if (status is not { HasHostname: true } || directory.State.Member(session.Node)?.Record.FormerNames is not { IsDefaultOrEmpty: false } former
            || !HostName.TryNormalise(status.Hostname, out var name, out _) || !former.Contains(name))
            return status;
        status = status.Clone();
        status.ClearHostname();
        return status;
    }

    public async Task ApplyAsync(NodeSession session, NodeStatus? status, CancellationToken cancel)
    {
        if (status is null || directory.State.Member(session.Node) is not { Record: var member })
            return;
        var name = status.HasHostname && HostName.TryNormalise(status.Hostname, out var normal, out _) ? normal : null;
        if (status.HasHostname)
            session.WishedName = name;
        await ApplyPrefixesAsync(session, status, member, cancel);
        var keys = KeysOf(status);
        if ((name ?? member.HostName) == member.HostName && (keys ?? member.WireGuardKeys).SequenceEqual(member.WireGuardKeys))
            return;
        using var lease = await _pace.AcquireAsync(session.Node, 1, cancel);
        var refused = await directory.ChangeAsync(new Cause(Actor.Node(session.Node), Operation.UpdateNode, Reason.None), draft => Change(draft, session.Node, session.WishedName, keys), cancel);
        session.Notify(Notice.Types.Kind.NameTaken, refused.Value);
    }

    /// <summary>What cannot be given now is tried again when the store has changed, as something may have come free.</summary>
    private async Task ApplyPrefixesAsync(NodeSession session, NodeStatus status, StoredNode member, CancellationToken cancel)
    {
        if (status.WishedPrefixes is { } said)
            session.WishedPrefixes = [.. said.Lengths.Select(length => (int)length)];
        if (session.WishedPrefixes is not { } wished || WorkloadPrefixes.Has(member, wished) || session.WishTriedAt == directory.State.Revision)
            return;
        using var lease = await _pace.AcquireAsync(session.Node, 1, cancel);
        session.WishTriedAt = directory.State.Revision;
        var refused = await directory.ChangeAsync(
            new Cause(Actor.Node(session.Node), Operation.UpdateNode, Reason.None), draft => WorkloadPrefixes.Assign(draft, session.Node, wished), cancel);
        session.Notify(Notice.Types.Kind.NoPrefix, refused.Value);
    }

    public void Dispose() => _pace.Dispose();

    private static string Change(Draft draft, uint node, string? name, ImmutableArray<string>? keys) =>
        draft.State.Member(node) is { Record: var current } ? MemberWishes.Grant(draft, current, name ?? current.HostName, keys ?? current.WireGuardKeys) : "";

    /// <summary>An agent from before there was a list names the one that it has. Null: nothing is said of keys.</summary>
    private static ImmutableArray<string>? KeysOf(NodeStatus status)
    {
        if (status.WireguardKeys is { Keys: var keys })
            return [.. keys.Select(key => Convert.ToBase64String(key.Span))];
        return status.HasWireguardKey ? [Convert.ToBase64String(status.WireguardKey.Span)] : null;
    }
}
