using System.Net;
using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Uapi;

/// <summary>A <c>set=1</c> request, parsed whole before any of it is used.</summary>
internal sealed class UapiSet
{
    private WireGuardSecret? _privateKey;
    private int? _listenPort;
    private uint? _firewallMark;
    private bool _replacePeers;
    private readonly List<UapiPeer> _peers = [];
    private readonly List<UapiPeer> _applied = [];

    /// <summary>Endpoints named by the request: taken even where the peer has roamed elsewhere since.</summary>
    public IEnumerable<(WireGuardKey Key, IPEndPoint EndPoint)> Endpoints =>
        _applied.Where(peer => peer.Endpoint is not null).Select(peer => (peer.PublicKey, peer.Endpoint!));

    /// <param name="lines">Those behind <c>set=1</c>, without the empty one.</param>
    /// <exception cref="UapiException">A key that does not exist, or a value that it cannot have.</exception>
    public static UapiSet Parse(IEnumerable<string> lines)
    {
        var set = new UapiSet();
        foreach (var line in lines)
        {
            var separator = line.IndexOf('=', StringComparison.Ordinal);
            if (separator < 0)
                throw new UapiException($"'{line}' is no key=value");
            set.Take(line[..separator], line[(separator + 1)..]);
        }
        return set;
    }

    /// <summary>The configuration with the request's changes.</summary>
    public DataplaneConfig ApplyTo(DataplaneConfig config)
    {
        var changed = config with
        {
            PrivateKey = _privateKey ?? config.PrivateKey,
            ListenPort = _listenPort ?? config.ListenPort,
            FirewallMark = _firewallMark ?? config.FirewallMark,
        };
        var peers = _replacePeers ? [] : config.Peers.ToList();
        _applied.Clear();
        foreach (var peer in _peers)
            Apply(peer, peers);
        return changed with { Peers = [.. peers] };
    }

    private void Apply(UapiPeer change, List<PeerConfig> peers)
    {
        var index = peers.FindIndex(peer => peer.PublicKey == change.PublicKey);
        if (change.Remove)
        {
            peers.RemoveAll(peer => peer.PublicKey == change.PublicKey);
            return;
        }
        if (index < 0 && change.UpdateOnly)
            return;
        if (index < 0)
        {
            index = peers.Count;
            peers.Add(new PeerConfig { PublicKey = change.PublicKey });
        }
        peers[index] = change.ApplyTo(peers[index]);
        _applied.Add(change);
        // A prefix goes over to the peer that was given it last.
        for (var i = 0; i < peers.Count; i++)
        {
            if (i != index && peers[i].AllowedIps.Any(change.AddedIps.Contains))
                peers[i] = peers[i] with { AllowedIps = [.. peers[i].AllowedIps.Except(change.AddedIps)] };
        }
    }

    private void Take(string key, string value)
    {
        if (key == "public_key")
            _peers.Add(new UapiPeer(new WireGuardKey(UapiValue.Key(key, value))));
        else if (_peers.Count > 0)
            _peers[^1].Take(key, value);
        else
            TakeDevice(key, value);
    }

    private void TakeDevice(string key, string value)
    {
        switch (key)
        {
            case "private_key":
                _privateKey = new WireGuardSecret(UapiValue.Key(key, value));
                break;
            case "listen_port":
                _listenPort = (int)UapiValue.Number(key, value, ushort.MaxValue);
                break;
            case "fwmark":
                _firewallMark = UapiValue.Number(key, value, uint.MaxValue);
                break;
            case "replace_peers":
                _replacePeers = UapiValue.True(key, value);
                break;
            default:
                throw new UapiException($"'{key}' is no key of an interface");
        }
    }
}
