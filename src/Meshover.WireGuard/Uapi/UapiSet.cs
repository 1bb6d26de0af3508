using System.Collections.Immutable;
using System.Globalization;
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

    /// <summary>Endpoints named by the request: taken even where the peer has roamed elsewhere since.</summary>
    public IEnumerable<(WireGuardKey Key, IPEndPoint EndPoint)> Endpoints =>
        _applied.Where(peer => peer.Endpoint is not null).Select(peer => (peer.PublicKey, peer.Endpoint!));

    private readonly List<UapiPeer> _applied = [];

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

    public IEnumerable<IPNetwork> AddedIps => _allowedIps.Where(change => !change.Remove).Select(change => change.Prefix);

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
                _allowedIps.Add((UapiValue.Prefix(key, value.TrimStart('-', '+')), removes));
                break;
            case "protocol_version":
                if (UapiValue.Number(key, value, uint.MaxValue) != 1)
                    throw new UapiException("protocol_version must be 1");
                break;
            default:
                throw new UapiException($"'{key}' is no key of a peer");
        }
    }

    private ImmutableArray<IPNetwork> ChangeAllowedIps(ImmutableArray<IPNetwork> present)
    {
        var result = present.ToList();
        foreach (var (prefix, remove) in _allowedIps)
        {
            result.Remove(prefix);
            if (!remove)
                result.Add(prefix);
        }
        return [.. result];
    }
}

/// <summary>Values as the UAPI writes them.</summary>
internal static class UapiValue
{
    public static byte[] Key(string key, string value)
    {
        var bytes = new byte[WireGuardKey.Length];
        var isKey = value.Length == 2 * WireGuardKey.Length
            && Convert.FromHexString(value, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        return isKey ? bytes : throw new UapiException($"{key} is no key of 64 hexadecimal digits");
    }

    public static uint Number(string key, string value, uint maximum) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= maximum
            ? number
            : throw new UapiException($"{key} '{value}' is no number from 0 to {maximum}");

    public static bool True(string key, string value) =>
        value == "true" ? true : throw new UapiException($"{key} can only be 'true'");

    public static IPEndPoint EndPoint(string key, string value) =>
        IPEndPoint.TryParse(value, out var endpoint) && endpoint.Port != 0
            ? endpoint
            : throw new UapiException($"{key} '{value}' is no address:port");

    /// <summary>Bits behind the length are cut off, as WireGuard does.</summary>
    public static IPNetwork Prefix(string key, string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? value : value[..slash];
        if (!IPAddress.TryParse(text, out var address))
            throw new UapiException($"{key} '{value}' is no prefix");
        var bytes = address.GetAddressBytes();
        var length = slash < 0 ? bytes.Length * 8 : (int)Number(key, value[(slash + 1)..], (uint)bytes.Length * 8);
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
