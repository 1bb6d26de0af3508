using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Control;

/// <summary>The engine's peers by key: made, changed and taken away as the configuration says. Control thread.</summary>
internal sealed class EnginePeers(SessionManager sessions, PacketPipeline pipeline, EngineDevices devices)
{
    private readonly Dictionary<WireGuardKey, EnginePeer> _peers = [];

    public IReadOnlyCollection<EnginePeer> All => _peers.Values;

    public EnginePeer? Find(WireGuardKey key) => _peers.GetValueOrDefault(key);

    /// <summary>A peer that is there by another of its keys goes by the one that it is to have from now on.</summary>
    public void Rename(ImmutableArray<PeerConfig> configs)
    {
        var named = configs.Select(config => config.PublicKey).ToHashSet();
        var byKey = _peers.Values.Where(peer => !named.Contains(peer.Config.PublicKey))
            .SelectMany(peer => peer.Config.Keys.Select(key => (key, peer))).ToDictionary();
        foreach (var config in configs.Where(config => byKey.Count > 0 && !_peers.ContainsKey(config.PublicKey)))
        {
            if (config.Keys.Select(key => byKey.GetValueOrDefault(key)).OfType<EnginePeer>().FirstOrDefault() is not { } entry)
                continue;
            // One that another peer of the configuration has taken already is gone from here.
            if (_peers.Remove(entry.Config.PublicKey))
                _peers.Add(config.PublicKey, entry);
        }
    }

    /// <summary>Takes away all peers but these. Their devices stay, for others may have them now.</summary>
    public void RemoveOthers(ImmutableArray<PeerConfig> kept)
    {
        var wanted = kept.Select(peer => peer.PublicKey).ToHashSet();
        foreach (var (key, gone) in _peers.Where(peer => !wanted.Contains(peer.Key)).ToList())
        {
            pipeline.Remove(gone.Peer);
            sessions.RemovePeer(gone.Peer.Session);
            _peers.Remove(key);
        }
    }

    /// <summary>Makes a peer, or changes in one what differs. True if it is new or has another endpoint: it is to be called.</summary>
    /// <param name="endpoints">Where new peers are, if not where the configuration says.</param>
    public bool Put(PeerConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints)
    {
        var isNew = !_peers.TryGetValue(config.PublicKey, out var entry);
        entry ??= _peers[config.PublicKey] = new EnginePeer(Peer.Create(sessions, config.PublicKey, pipeline.TakeWorker()), config);
        var (peer, former) = (entry.Peer, entry.Config);
        var isRenamed = former.PublicKey != config.PublicKey;
        if (isRenamed || former.OtherPublicKey != config.OtherPublicKey || (isNew && config.OtherPublicKey is not null))
            sessions.SetPeerKeys(peer.Session, config.Keys);
        entry.Config = config;
        if (isNew || former.PresharedKey != config.PresharedKey)
            peer.Session.SetPresharedKey(config.PresharedKey.GetValueOrDefault().Bytes);
        peer.Session.PersistentKeepalive = config.PersistentKeepalive * 1000L;
        PutLink(peer, config.Link, isNew ? null : former.Link);
        var endpoint = isNew && endpoints?.TryGetValue(config.PublicKey, out var saved) == true ? saved : config.Endpoint;
        // A renamed one is where it was last heard: what the configuration says of its new key may be older.
        var isFound = isRenamed && peer.Endpoint is not null;
        if (endpoint is null || isFound || (!isNew && endpoint.Equals(former.Endpoint)))
            return false;
        peer.Endpoint = new UdpAddress(endpoint);
        return true;
    }

    /// <summary>Which peer an address belongs to.</summary>
    public AllowedIpTrie<Peer> Routes(DataplaneConfig config)
    {
        var routes = new AllowedIpTrie<Peer>();
        foreach (var peer in config.Peers)
        {
            foreach (var prefix in peer.AllowedIps)
                routes.Add(prefix, _peers[peer.PublicKey].Peer);
        }
        return routes;
    }

    private void PutLink(Peer peer, LinkConfig? link, LinkConfig? former)
    {
        if (link is null)
        {
            pipeline.RemoveLink(peer);
            return;
        }
        var port = devices[link.Name];
        var isSame = ReferenceEquals(peer.Link?.Device, port) && former is not null
            && link.LocalTunnel.Equals(former.LocalTunnel) && link.RemoteTunnel.Equals(former.RemoteTunnel);
        if (!isSame)
            pipeline.SetLink(peer, port, new GreHeader(link.LocalTunnel, link.RemoteTunnel));
    }
}
