using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Uapi;

/// <summary>A <c>set=1</c> request, parsed whole before any of it is used.</summary>
internal sealed class UapiSet
{
    private WireGuardSecret? _privateKey;
    private int? _listenPort;
    private uint? _firewallMark;
    private readonly List<UapiPeer> _peers = [];

    private UapiSet() { }

    /// <summary>The peers that are there are given up, also those that the request names again.</summary>
    public bool ReplacesPeers { get; private set; }

    /// <param name="lines">Those behind <c>set=1</c>, without the empty one.</param>
    /// <exception cref="UapiException">A key that does not exist, or a value that it cannot have.</exception>
    public static UapiSet Parse(ReadOnlySpan<char> lines)
    {
        var set = new UapiSet();
        foreach (var range in lines.Split('\n'))
        {
            var line = lines[range];
            if (line.IsEmpty)
                continue; // behind the last line
            var separator = line.IndexOf('=');
            if (separator < 0)
                throw new UapiException(UapiException.Protocol, "a line is not key=value");
            set.Take(line[..separator].ToString(), line[(separator + 1)..].ToString());
        }
        return set;
    }

    /// <summary>The configuration with the request's changes. A peer with our own key is passed over, as in Linux.</summary>
    public DataplaneConfig ApplyTo(DataplaneConfig config)
    {
        var privateKey = _privateKey ?? config.PrivateKey;
        var peers = new UapiPeers(ReplacesPeers ? [] : config.Peers);
        foreach (var peer in _peers)
            peers.Apply(peer);
        var mayNameUs = _privateKey is not null || _peers.Count > 0;
        if (mayNameUs && privateKey.PublicKey is { } own)
            peers.Remove(own);
        return config with
        {
            PrivateKey = privateKey,
            OtherPrivateKey = _privateKey is null ? config.OtherPrivateKey : null,
            ListenPort = _listenPort ?? config.ListenPort,
            FirewallMark = _firewallMark ?? config.FirewallMark,
            Peers = peers.ToArray(),
        };
    }

    /// <summary>Endpoints that the request names: taken even where the peer has roamed elsewhere since.</summary>
    /// <param name="result">What <see cref="ApplyTo"/> gave; peers that are not in it are left out.</param>
    public IReadOnlyDictionary<WireGuardKey, IPEndPoint> EndpointsOf(DataplaneConfig result)
    {
        var present = result.Peers.Select(peer => peer.PublicKey).ToHashSet();
        var endpoints = new Dictionary<WireGuardKey, IPEndPoint>();
        foreach (var peer in _peers)
        {
            if (peer.Endpoint is { } endpoint && present.Contains(peer.PublicKey))
                endpoints[peer.PublicKey] = endpoint;
        }
        return endpoints;
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
                ReplacesPeers = UapiValue.True(key, value);
                break;
            default:
                throw new UapiException("a line's key is not one of an interface");
        }
    }
}
