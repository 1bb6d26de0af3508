using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Uapi;

/// <summary>What a request says of one peer.</summary>
internal sealed class UapiPeer(WireGuardKey publicKey)
{
    private WireGuardSecret? _presharedKey;
    private int? _persistentKeepalive;
    private bool _replaceAllowedIps;
    private readonly List<(IPNetwork Prefix, bool Remove)> _allowedIps = [];

    public WireGuardKey PublicKey => publicKey;

    public bool Remove { get; private set; }

    public bool UpdateOnly { get; private set; }

    public IPEndPoint? Endpoint { get; private set; }

    public PeerConfig ApplyTo(PeerConfig peer) => peer with
    {
        PresharedKey = _presharedKey is { } key ? (key.IsZero ? null : key) : peer.PresharedKey,
        PersistentKeepalive = _persistentKeepalive ?? peer.PersistentKeepalive,
        Endpoint = Endpoint ?? peer.Endpoint,
        AllowedIps = ChangeAllowedIps(_replaceAllowedIps ? [] : peer.AllowedIps),
    };

    public void Take(string key, string value)
    {
        switch (key)
        {
            case "remove":
                Remove = UapiValue.True(key, value);
                break;
            case "update_only":
                UpdateOnly = UapiValue.True(key, value);
                break;
            case "preshared_key":
                _presharedKey = new WireGuardSecret(UapiValue.Key(key, value));
                break;
            case "endpoint":
                Endpoint = UapiValue.EndPoint(key, value);
                break;
            case "persistent_keepalive_interval":
                _persistentKeepalive = (int)UapiValue.Number(key, value, ushort.MaxValue);
                break;
            case "replace_allowed_ips":
                _replaceAllowedIps = UapiValue.True(key, value);
                break;
            case "allowed_ip":
                var removes = value.StartsWith('-');
                _allowedIps.Add((UapiValue.Prefix(key, removes ? value[1..] : value), removes));
                break;
            case "protocol_version":
                if (UapiValue.Number(key, value, uint.MaxValue) != 1)
                    throw new UapiException("protocol_version must be 1");
                break;
            default:
                throw new UapiException("a line's key is not one of a peer");
        }
    }

    private ImmutableArray<IPNetwork> ChangeAllowedIps(ImmutableArray<IPNetwork> present)
    {
        var order = present.ToList();
        var result = present.ToHashSet();
        foreach (var (prefix, remove) in _allowedIps)
        {
            if (remove)
                result.Remove(prefix);
            else if (result.Add(prefix))
                order.Add(prefix);
        }
        return [.. order.Where(result.Remove)]; // each once, though one taken away and given again stands there twice
    }
}
