using System.Net;
using System.Security.Cryptography;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.WireGuard.Control;

/// <summary>
/// Finds how large a packet reaches each peer in one piece, where a hop on the way is narrow and keeps silent about it (RFC 8899). A probe is
/// an echo request between the two tunnel addresses, sealed like any packet, that must not be fragmented outside; any peer's kernel answers
/// it, whosever WireGuard it runs. Only links are made to fit. Control thread.
/// </summary>
internal sealed class PathMtuProber(PacketPipeline pipeline) : IDisposable
{
    private const int MinimumLinkMtu = 1280;

    // Echo replies looked at in one tick, besides one a peer.
    private const int MaxAnswers = 64;

    private readonly Dictionary<string, Probed> _probed = new(StringComparer.Ordinal); // by the name of the link, which outlives a peer's key
    private readonly ushort _identifier = (ushort)RandomNumberGenerator.GetInt32(1, ushort.MaxValue);
    private EchoSocket? _echoes;

    /// <summary>The MTU that a link shall have: as configured, or less where the way is known to be narrower.</summary>
    public int MtuOf(PeerConfig peer)
    {
        var configured = peer.Link!.Mtu;
        return _probed.TryGetValue(peer.Link.Name, out var probed) && probed.Search.Result is { } largest
            ? Math.Clamp(largest - GreHeader.Length, Math.Min(MinimumLinkMtu, configured), configured)
            : configured;
    }

    /// <summary>Takes what was answered, and sends what is due. True if a link's MTU is another now.</summary>
    /// <exception cref="IoException">No permission for it.</exception>
    public bool Tick(IEnumerable<EnginePeer> peers, long now)
    {
        _echoes ??= new EchoSocket(_identifier);
        var linked = peers.Where(peer => peer.Config.Link is not null).ToList();
        Forget(linked);
        var before = linked.Select(peer => MtuOf(peer.Config)).ToList();
        TakeAnswers(linked, now);
        foreach (var peer in linked.Where(peer => peer.Peer.Session.SendSession is not null))
            Probe(peer, now);
        return !before.SequenceEqual(linked.Select(peer => MtuOf(peer.Config)));
    }

    /// <summary>Forgets what was found.</summary>
    public void Clear()
    {
        _probed.Clear();
        _echoes?.Dispose();
        _echoes = null;
    }

    public void Dispose() => Clear();

    private void Forget(List<EnginePeer> linked)
    {
        if (_probed.Count <= linked.Count)
            return;
        var there = linked.Select(peer => peer.Config.Link!.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _probed.Keys.Where(name => !there.Contains(name)).ToList())
            _probed.Remove(name);
    }

    private void TakeAnswers(List<EnginePeer> linked, long now)
    {
        var left = MaxAnswers + linked.Count;
        while (_echoes!.TryReceive(ref left, out var from, out var length))
        {
            var peer = linked.Find(peer => peer.Config.Link!.RemoteTunnel.Equals(from));
            if (peer is not null && _probed.TryGetValue(peer.Config.Link!.Name, out var probed))
                probed.Search.Answered(length, now);
        }
    }

    private void Probe(EnginePeer peer, long now)
    {
        var (link, endpoint) = (peer.Config.Link!, peer.EndPoint);
        if (endpoint is null)
            return;
        if (!_probed.TryGetValue(link.Name, out var probed) || probed.LinkMtu != link.Mtu)
            probed = _probed[link.Name] = new Probed(link.Mtu, endpoint);
        if (!endpoint.Equals(probed.Endpoint))
        {
            probed.Endpoint = endpoint;
            probed.Search.Restart();
        }
        if (probed.Search.Due(now) is { } size)
            pipeline.Probe(peer.Peer, EchoSocket.Request(link.LocalTunnel, link.RemoteTunnel, _identifier, size));
    }

    private sealed class Probed(int linkMtu, IPEndPoint endpoint)
    {
        public int LinkMtu { get; } = linkMtu;

        public IPEndPoint Endpoint { get; set; } = endpoint;

        public PathMtuSearch Search { get; } =
            new(Math.Min(MinimumLinkMtu, linkMtu) + GreHeader.Length, linkMtu + GreHeader.Length);
    }
}
