using System.Net;

namespace Meshover.Mesh.Endpoints;

/// <summary>
/// Chooses where to call one peer. The first candidate that completes a handshake stays; WireGuard itself follows a peer that roams.
/// <list type="number">
/// <item>Heard within 15 s (BFD alone makes three packets a second): the endpoint works, and nothing but a cut of the way there may override it, but an underlay that the
/// operator prefers, now and then (<see cref="EndpointLead"/>).</item>
/// <item>New peer: one side of the pair calls its best at once, the other only if it has not been called for a while: initiations that
/// cross cost 5-10 s.</item>
/// <item>Cut off, as our own address of its family or the route to it is gone: another is called at once.</item>
/// <item>Silent: every candidate in turn, the present one among them, the other address family first.</item>
/// </list>
/// Time is given with each call, by a clock that nobody sets; the caller acts on the answer.
/// </summary>
public sealed class EndpointChooser
{
    /// <summary>Silence after which an endpoint no longer counts as working.</summary>
    public static readonly TimeSpan WorkingFor = TimeSpan.FromSeconds(15);

    /// <summary>How long the second of a pair waits to be called.</summary>
    public static readonly TimeSpan SecondWaits = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a new peer is called at its best: one more initiation (REKEY_TIMEOUT, 5 s) goes out, as the first may meet a peer that does
    /// not know us yet, and the family that is chosen by that accident would be kept.
    /// </summary>
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(6);

    /// <summary>WireGuard sends no two initiations within REKEY_TIMEOUT (5 s): in less, a candidate might be passed over without a call.</summary>
    private static readonly TimeSpan Try = TimeSpan.FromSeconds(5);

    /// <summary>After <see cref="QuickRounds"/> over all candidates: a peer that is off calls us when it is back.</summary>
    private static readonly TimeSpan SlowTry = TimeSpan.FromSeconds(10);
    private const int QuickRounds = 2;

    private readonly TimeSpan _jitter;
    private readonly EndpointLead _lead;
    private TimeSpan _nextTry;
    private bool _wasWorking;
    private bool _hasWorked;
    private int _tries;

    /// <param name="isInitiator">See <see cref="IsInitiator"/>.</param>
    /// <param name="jitter">Added to every try, below a second, different for the two of a pair: their tries must not stay in step.</param>
    /// <param name="now">When the peer became known.</param>
    public EndpointChooser(bool isInitiator, TimeSpan jitter, TimeSpan now)
    {
        _jitter = jitter;
        _lead = new EndpointLead(isInitiator, jitter);
        _nextTry = isInitiator ? now : now + SecondWaits + jitter;
    }

    /// <summary>Which of two calls first: the one behind a NAT, as the other cannot; else that with the larger id (mostly the newcomer).</summary>
    public static bool IsInitiator(uint self, bool selfBehindNat, uint peer, bool peerBehindNat) =>
        selfBehindNat == peerBehindNat ? self > peer : selfBehindNat;

    /// <summary>The endpoint to call now, or null: leave everything as it is.</summary>
    /// <param name="contact">What the data plane says.</param>
    /// <param name="candidates">Best first.</param>
    /// <param name="now">The present.</param>
    public IPEndPoint? Choose(PeerContact contact, IReadOnlyList<IPEndPoint> candidates, TimeSpan now)
    {
        if (contact.Silence < WorkingFor && !contact.IsCut)
        {
            (_wasWorking, _hasWorked, _tries) = (true, true, 0);
            return _lead.Choose(contact, now);
        }
        if (_wasWorking)
        {
            _wasWorking = false;
            _nextTry = now;
        }
        if (now < _nextTry || candidates.Count == 0)
            return null;
        var next = Next(contact.Current, candidates);
        _nextTry = now + Patience(candidates.Count) + _jitter;
        _tries++;
        return next;
    }

    private TimeSpan Patience(int candidates)
    {
        if (_tries == 0 && !_hasWorked)
            return FirstTry;
        return _tries < QuickRounds * candidates ? Try : SlowTry;
    }

    /// <summary>
    /// A new peer is called at its best, also where the engine did so a moment ago: it may not know us yet. The first try after silence
    /// goes to the other family: a cut of IPv6, or of IPv4, is likelier than of one address.
    /// </summary>
    private IPEndPoint Next(IPEndPoint? current, IReadOnlyList<IPEndPoint> candidates)
    {
        if (current is null || (_tries == 0 && !_hasWorked))
            return candidates[0];
        if (_tries == 0 && candidates.FirstOrDefault(other => other.AddressFamily != current.AddressFamily) is { } otherFamily)
            return otherFamily;
        var index = IndexOf(candidates, current);
        return candidates[(index + 1) % candidates.Count];
    }

    /// <summary>-1 for one that the peer roamed to and nobody announced: the list then begins at its start.</summary>
    private static int IndexOf(IReadOnlyList<IPEndPoint> candidates, IPEndPoint endpoint)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates[i].Equals(endpoint))
                return i;
        }
        return -1;
    }
}
