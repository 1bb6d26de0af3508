using System.Net;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Meshover.Contract.V1;
using Meshover.Controller.Membership;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Endpoint = Meshover.Contract.V1.Endpoint;

namespace Meshover.Controller.Api;

/// <summary>Checks what nodes report. How much it is was asked before (<see cref="Limits"/>).</summary>
internal static class StatusValidator
{
    private const int MostPriority = Mesh.Gathering.GatherClaims.MostPriority;

    /// <exception cref="InvalidRequestException">With every violation.</exception>
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
            violations.Require(status.ListenPort is > 0 and <= 65535, $"{field}.listen_port", $"{status.ListenPort} is not a UDP port (1-65535).");
        if (status.HasWireguardKey)
            CheckWireGuardKey(violations, $"{field}.wireguard_key", status.WireguardKey);
        if (status.WireguardKeys is { Keys: var keys })
            CheckWireGuardKeys(violations, $"{field}.wireguard_keys", keys);
        if (status.HasHostname && !HostName.TryNormalise(status.Hostname, out _, out var error))
            violations.Add($"{field}.hostname", error);
        if (status.HasUnderlayMtu)
            violations.Require(status.UnderlayMtu <= ushort.MaxValue, $"{field}.underlay_mtu", $"{status.UnderlayMtu} is not a valid MTU (at most {ushort.MaxValue}).");
        CheckPeers(violations, $"{field}.observed", status.Observed?.Peers);
        CheckPeers(violations, $"{field}.observed_changes", status.ObservedChanges?.Seen);
        CheckAddresses(violations, $"{field}.other_addresses", status.OtherAddresses?.Addresses);
        CheckPrefixes(violations, $"{field}.announced", status.Announced);
        CheckPrefixes(violations, $"{field}.twice", status.Twice);
        CheckPrefixes(violations, $"{field}.shared", status.Shared);
        if (status.WishedPrefixes is { Lengths: var lengths })
            violations.Require(lengths.All(length => length is > 0 and <= 128) && lengths.Select(length => length > 32).Distinct().Count() == lengths.Count,
                $"{field}.wished_prefixes", "must be prefix lengths (1-128), one for each family at most.");
        if (status.Gathers is { } gathers)
            CheckGathers(violations, $"{field}.gathers", gathers);
    }

    public static void CheckEndpoints(Violations violations, string field, IReadOnlyList<Endpoint> endpoints)
    {
        for (var i = 0; i < endpoints.Count; i++)
        {
            var endpoint = endpoints[i];
            violations.Require(IPAddress.TryParse(endpoint.Address, out _), $"{field}[{i}].address", $"{Violations.Quote(endpoint.Address)} is not an IP address.");
            violations.Require(endpoint.Port is > 0 and <= 65535, $"{field}[{i}].port", $"{endpoint.Port} is not a UDP port (1-65535).");
        }
    }

    public static void CheckWireGuardKey(Violations violations, string field, ByteString key)
    {
        violations.Require(key.Length == WireGuardPublicKey.Length, field, $"a WireGuard key has {WireGuardPublicKey.Length} bytes, not {key.Length}.");
        violations.Require(key.Length == 0 || key.Span.ContainsAnyExcept((byte)0), field, "a key of zeros is not a key.");
    }

    private static void CheckWireGuardKeys(Violations violations, string field, RepeatedField<ByteString> keys)
    {
        violations.Require(keys.Count > 0, field, "a node must have a key.");
        violations.Require(keys.Distinct().Count() == keys.Count, field, "a key occurs twice.");
        for (var i = 0; i < keys.Count; i++)
            CheckWireGuardKey(violations, $"{field}[{i}]", keys[i]);
    }

    public static void CheckAddresses(Violations violations, string field, RepeatedField<string>? addresses) =>
        violations.Require(addresses?.All(address => IPAddress.TryParse(address, out _)) ?? true, field, "one is not an IP address.");

    private static void CheckPeers(Violations violations, string field, RepeatedField<ObservedPeers.Types.Peer>? peers)
    {
        for (var i = 0; i < (peers?.Count ?? 0) && !violations.IsFull; i++)
        {
            violations.Require(IPAddress.TryParse(peers![i].Address, out _) && peers[i].Port is > 0 and <= 65535,
                $"{field}.peers[{i}]", $"{Violations.Quote(peers[i].Address)} port {peers[i].Port} is not a UDP endpoint.");
        }
    }

    private static void CheckGathers(Violations violations, string field, GatherClaims gathers)
    {
        CheckPrefixes(violations, $"{field}.prefixes", gathers.Prefixes);
        violations.Require(!gathers.Prefixes.Any(prefix => prefix.EndsWith("/0", StringComparison.Ordinal)), $"{field}.prefixes", "a whole family is not gathered.");
        violations.Require(gathers.Priority is > 0 and <= MostPriority, $"{field}.priority", $"{gathers.Priority} is not a priority (1-{MostPriority}).");
    }

    private static void CheckPrefixes(Violations violations, string field, PrefixList? prefixes) =>
        CheckPrefixes(violations, field, prefixes?.Prefixes.AsEnumerable() ?? []);

    private static void CheckPrefixes(Violations violations, string field, IEnumerable<string> prefixes)
    {
        foreach (var prefix in prefixes)
        {
            if (!Prefixes.TryParse(prefix, out _, out var error))
                violations.Add(field, $"{error}.");
        }
    }
}
