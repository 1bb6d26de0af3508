using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Uapi;

/// <summary>The peers while a request changes them, one after the other. A prefix belongs to the peer that was given it last.</summary>
internal sealed class UapiPeers
{
    private readonly List<PeerConfig?> _peers = []; // null: removed
    private readonly Dictionary<WireGuardKey, int> _places = [];
    private readonly Dictionary<IPNetwork, int> _owners = [];

    public UapiPeers(IEnumerable<PeerConfig> peers)
    {
        foreach (var peer in peers)
        {
            Add(peer);
            Own(peer.AllowedIps, _places[peer.PublicKey]);
        }
    }

    public ImmutableArray<PeerConfig> ToArray() => [.. _peers.OfType<PeerConfig>()];

    public void Apply(UapiPeer change)
    {
        if (change.Remove)
            Remove(change.PublicKey);
        else if (_places.ContainsKey(change.PublicKey) || !change.UpdateOnly)
            Change(change);
    }

    public void Remove(WireGuardKey key)
    {
        if (!_places.Remove(key, out var place))
            return;
        Disown(place);
        _peers[place] = null;
    }

    private void Add(PeerConfig peer)
    {
        _places.Add(peer.PublicKey, _peers.Count);
        _peers.Add(peer);
    }

    private void Change(UapiPeer change)
    {
        if (!_places.ContainsKey(change.PublicKey))
            Add(new PeerConfig { PublicKey = change.PublicKey });
        var place = _places[change.PublicKey];
        Disown(place);
        var peer = change.ApplyTo(_peers[place]!);
        _peers[place] = peer;
        TakeFromOthers(peer.AllowedIps);
        Own(peer.AllowedIps, place);
    }

    private void TakeFromOthers(ImmutableArray<IPNetwork> prefixes)
    {
        foreach (var taken in prefixes.Where(_owners.ContainsKey).GroupBy(prefix => _owners[prefix]).ToList())
        {
            var other = _peers[taken.Key]!;
            var gone = taken.ToHashSet();
            _peers[taken.Key] = other with { AllowedIps = [.. other.AllowedIps.Where(prefix => !gone.Contains(prefix))] };
        }
    }

    private void Own(ImmutableArray<IPNetwork> prefixes, int place)
    {
        foreach (var prefix in prefixes)
            _owners[prefix] = place;
    }

    private void Disown(int place)
    {
        foreach (var prefix in _peers[place]!.AllowedIps)
            _owners.Remove(prefix);
    }
}
