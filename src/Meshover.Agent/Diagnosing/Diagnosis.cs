using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Trust;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Diagnosing;

/// <summary>Looks at a state: how its links are, and what is wrong. For any caller.</summary>
/// <param name="identities">For the key that this node declares.</param>
/// <param name="unanswered">For how long echoes over the link to a peer have not been answered; null: they are.</param>
/// <param name="routed">Reads the addresses that BGP has a route to; asked only where a link is not up.</param>
/// <param name="time">For ages.</param>
internal sealed class Diagnosis(IdentityKeeper identities, Func<NodeId, TimeSpan?> unanswered, Func<ImmutableHashSet<IPAddress>> routed, TimeProvider time)
{
    // A dump of the kernel's routes: in a large mesh some milliseconds.
    private static readonly TimeSpan RoutedFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private (ImmutableHashSet<IPAddress> Addresses, TimeSpan At)? _routed;
    private (NodeIdentity Of, string Key)? _own;

    /// <param name="state">With what was found last: it holds where its source says nothing for a moment.</param>
    public Diagnosed Look(AgentState state)
    {
        var (now, uptime) = (time.GetUtcNow(), time.Uptime());
        var links = LinkView.Of(state, unanswered, now, uptime);
        if (links.Exists(link => !link.IsUp))
            links = LinkView.Of(state with { Routed = Routed(uptime) }, unanswered, now, uptime);
        return new Diagnosed(links, HeldFindings.With(NodeFindings.Of(state, links, OwnKey(), now, time.SinceBoot()), state));
    }

    private ImmutableHashSet<IPAddress> Routed(TimeSpan now)
    {
        lock (_lock)
        {
            if (_routed is not { } last || now - last.At > RoutedFor)
                _routed = last = (routed(), now);
            return last.Addresses;
        }
    }

    // Each costs a multiplication on the curve. While the key changes, either may be in use.
    private string? OwnKey()
    {
        var identity = identities.Current;
        if (identity.KeyChange is not null)
            return null;
        lock (_lock)
        {
            if (_own is not { } own || own.Of.WireGuardPrivateKey != identity.WireGuardPrivateKey)
                _own = own = (identity, identity.WireGuardPublicKey.ToString());
            return own.Key;
        }
    }
}

/// <param name="Links">None where too little is known.</param>
/// <param name="Findings">Each once.</param>
internal sealed record Diagnosed(List<LinkView> Links, ImmutableArray<Finding> Findings);
