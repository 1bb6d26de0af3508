using System.Net;

namespace Meshover.Mesh.Endpoints;

/// <summary>
/// Leads one link that works to an underlay that the operator prefers, now and then. Where no packet passes there, the next one of the peer, which goes on as before, brings the endpoint
/// back, as WireGuard follows it. Where none comes (both ends are led at the same moment, or packets pass in one direction alone), it goes back by itself, and waits for longer. The two
/// ends of a link lead at different times, and with different pauses, so that they do not meet there again and again.
/// </summary>
/// <param name="isFirst">See <see cref="EndpointChooser.IsInitiator"/>.</param>
/// <param name="jitter">Added to every pause, below a second.</param>
internal sealed class EndpointLead(bool isFirst, TimeSpan jitter)
{
    /// <summary>Silence after which a way that was just taken leads nowhere, and for how long it is watched for that.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(5), Watched = TimeSpan.FromSeconds(20);

    /// <summary>The first pause, doubled at each try: after the sixth an hour, and after silence up to most of a day.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private const int MostDoublings = 6, AfterSilence = 3, MostAfterSilence = 10;

    private readonly TimeSpan _after = TimeSpan.FromSeconds(isFirst ? 10 : 25) + jitter;
    private TimeSpan? _next;
    private int _doublings;
    private int _count;
    private (IPEndPoint From, IPEndPoint To, TimeSpan At)? _tried;

    /// <param name="contact">The peer was heard of lately.</param>
    /// <param name="now">The present.</param>
    /// <returns>Where the link is led, or back; null: it is left.</returns>
    public IPEndPoint? Choose(PeerContact contact, TimeSpan now)
    {
        if (Back(contact, now) is { } former)
            return former;
        if (_next is null && !contact.Preferred.IsEmpty)
            _next = now + _after;
        if (now < _next || _next is null)
            return null;
        if (contact.Preferred.IsEmpty || contact.Current is null)
        {
            // Due, and nothing is preferred to where it is: it has stayed there.
            (_next, _doublings) = (null, Math.Max(0, _doublings - 1));
            return null;
        }
        return Lead(contact.Current, contact.Preferred[_count++ % contact.Preferred.Length], now);
    }

    private IPEndPoint Lead(IPEndPoint from, IPEndPoint to, TimeSpan now)
    {
        Rest(now);
        _doublings = Math.Max(_doublings, Math.Min(_doublings + 1, MostDoublings));
        _tried = (from, to, now);
        return to;
    }

    private IPEndPoint? Back(PeerContact contact, TimeSpan now)
    {
        if (_tried is not { } tried)
            return null;
        if (now - tried.At > Watched || !tried.To.Equals(contact.Current))
        {
            _tried = null;
            return null;
        }
        if (contact.Silence < TooLong || now - tried.At < TooLong)
            return null;
        _tried = null;
        _doublings = Math.Min(_doublings + AfterSilence, MostAfterSilence);
        Rest(now);
        return tried.From;
    }

    private void Rest(TimeSpan now) => _next = now + (Pause * (1 << _doublings) * (isFirst ? 1 : 1.5)) + jitter;
}
