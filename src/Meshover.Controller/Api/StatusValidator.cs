using System.Net;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Meshover.Contract.V1;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Endpoint = Meshover.Contract.V1.Endpoint;

namespace Meshover.Controller.Api;

/// <summary>Checks what nodes report.</summary>
internal static class StatusValidator
{
    private const int MostEndpoints = 64;
    private const int MostKeys = 2;
    private const int MostPeers = 65_536;
    private const int MostPrefixes = 4_096;
    private const int LongestSite = 128;

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT with every violation.</exception>
    public static void Check(NodeStatus status)
    {
        var violations = new Violations();
        Check(violations, "status", status);
        violations.ThrowIfAny();
    }

    public static void Check(Violations violations, string field, NodeStatus status)
    {
        if (status.Endpoints is { } endpoints)
            CheckEndpoints(violations, $"{field}.endpoints", endpoints.Endpoints);
        if (status.HasListenPort)
            violations.Require(status.ListenPort is > 0 and <= 65535, $"{field}.listen_port", $"{status.ListenPort} is no UDP port (1-65535).");
        if (status.HasWireguardKey)
            CheckWireGuardKey(violations, $"{field}.wireguard_key", status.WireguardKey);
        if (status.WireguardKeys is { Keys: var keys })
            CheckWireGuardKeys(violations, $"{field}.wireguard_keys", keys);
        if (status.HasHostname && !HostName.TryNormalise(status.Hostname, out _, out var error))
            violations.Add($"{field}.hostname", error);
        if (status.HasSite)
            CheckSite(violations, $"{field}.site", status.Site);
        if (status.HasUnderlayMtu)
            violations.Require(status.UnderlayMtu <= ushort.MaxValue, $"{field}.underlay_mtu", $"{status.UnderlayMtu} is no MTU (at most {ushort.MaxValue}).");
        CheckPeers(violations, field, status);
        CheckAnnounced(violations, field, status.Announced);
    }

    public static void CheckEndpoints(Violations violations, string field, IReadOnlyList<Endpoint> endpoints)
    {
        violations.Require(endpoints.Count <= MostEndpoints, field, $"{endpoints.Count} are too many (at most {MostEndpoints}).");
        for (var i = 0; i < endpoints.Count && i < MostEndpoints; i++)
        {
            var endpoint = endpoints[i];
            violations.Require(IPAddress.TryParse(endpoint.Address, out _), $"{field}[{i}].address", $"\"{endpoint.Address}\" is no IP address.");
            violations.Require(endpoint.Port is > 0 and <= 65535, $"{field}[{i}].port", $"{endpoint.Port} is no UDP port (1-65535).");
        }
    }

    public static void CheckWireGuardKey(Violations violations, string field, ByteString key)
    {
        violations.Require(key.Length == WireGuardPublicKey.Length, field, $"a WireGuard key has {WireGuardPublicKey.Length} bytes, not {key.Length}.");
        violations.Require(key.Length == 0 || key.Span.ContainsAnyExcept((byte)0), field, "a key of zeros is no key.");
    }

    private static void CheckWireGuardKeys(Violations violations, string field, RepeatedField<ByteString> keys)
    {
        violations.Require(keys.Count is > 0 and <= MostKeys, field, $"a node has 1 to {MostKeys} keys, not {keys.Count}.");
        violations.Require(keys.Distinct().Count() == keys.Count, field, "a key is there twice.");
        for (var i = 0; i < keys.Count && i < MostKeys; i++)
            CheckWireGuardKey(violations, $"{field}[{i}]", keys[i]);
    }

    public static void CheckSite(Violations violations, string field, string site) =>
        violations.Require(site.Length <= LongestSite && !site.Any(char.IsControl), field, $"at most {LongestSite} printable characters.");

    private static void CheckPeers(Violations violations, string field, NodeStatus status)
    {
        var peers = status.Observed?.Peers;
        violations.Require((peers?.Count ?? 0) <= MostPeers, $"{field}.observed", $"at most {MostPeers} peers.");
        violations.Require((status.Links?.Up.Count ?? 0) <= MostPeers, $"{field}.links", $"at most {MostPeers} links.");
        for (var i = 0; i < (peers?.Count ?? 0) && i < MostPeers; i++)
        {
            violations.Require(IPAddress.TryParse(peers![i].Address, out _) && peers[i].Port is > 0 and <= 65535,
                $"{field}.observed.peers[{i}]", $"\"{peers[i].Address}\" port {peers[i].Port} is no UDP endpoint.");
        }
    }

    private static void CheckAnnounced(Violations violations, string field, PrefixList? announced)
    {
        violations.Require((announced?.Prefixes.Count ?? 0) <= MostPrefixes, $"{field}.announced", $"at most {MostPrefixes} prefixes.");
        foreach (var prefix in announced?.Prefixes.Take(MostPrefixes) ?? [])
        {
            if (!Prefixes.TryParse(prefix, out _, out var error))
                violations.Add($"{field}.announced", $"{error}.");
        }
    }
}
