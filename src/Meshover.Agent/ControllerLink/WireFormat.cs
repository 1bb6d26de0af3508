using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using GatherClaims = Meshover.Mesh.Gathering.GatherClaims;
using FurtherAddress = Meshover.Mesh.Map.FurtherAddress;
using MeshSettings = Meshover.Mesh.Map.MeshSettings;
using RouteGrant = Meshover.Mesh.Addressing.RouteGrant;
using WireEndpoint = Meshover.Contract.V1.Endpoint;
using WireGathers = Meshover.Contract.V1.GatherClaims;
using WireSettings = Meshover.Contract.V1.MeshSettings;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// The adapter between the contract's messages and the domain. A node that is malformed is left out, with why; settings that are, are not
/// taken where there are former ones.
/// </summary>
internal static class WireFormat
{
    /// <param name="snapshot">As told, or as kept.</param>
    /// <param name="former">What holds where the snapshot's own cannot be used; null: nothing.</param>
    /// <exception cref="FormatException">There are no settings that could be used.</exception>
    public static MeshMap ToMap(MeshSnapshot snapshot, MeshSettings? former = null)
    {
        var settings = TryToSettings(snapshot.Settings, out var problem) ?? former ?? throw new FormatException($"The settings of the mesh cannot be used: {problem}");
        var (nodes, leftOut) = ToNodes(snapshot.Nodes);
        return new MeshMap
        {
            StoreId = snapshot.StoreId,
            Revision = snapshot.Revision,
            Settings = settings,
            Nodes = nodes.ToImmutableSortedDictionary(node => node.Id, node => node),
            Tombstones = [.. snapshot.Tombstones.Select(id => new NodeId(id))],
            LeftOut = leftOut,
            SettingsProblem = problem,
        };
    }

    public static MapDelta ToDelta(MeshDelta delta)
    {
        var problem = "";
        var settings = delta.Settings is null ? null : TryToSettings(delta.Settings, out problem);
        var (nodes, leftOut) = ToNodes(delta.Upserts);
        return new MapDelta
        {
            FromRevision = delta.FromRevision,
            Revision = delta.Revision,
            Settings = settings,
            Upserts = nodes,
            Removals = [.. delta.Removals.Select(id => new NodeId(id))],
            LeftOut = leftOut,
            SettingsProblem = problem,
        };
    }

    private static (ImmutableArray<MeshNode> Nodes, ImmutableSortedDictionary<NodeId, string> LeftOut) ToNodes(Google.Protobuf.Collections.RepeatedField<NodeInfo> infos)
    {
        var nodes = ImmutableArray.CreateBuilder<MeshNode>(infos.Count);
        var leftOut = ImmutableSortedDictionary.CreateBuilder<NodeId, string>();
        var known = new HashSet<uint>();
        foreach (var info in infos)
        {
            try
            {
                nodes.Add(known.Add(info.Id) ? ToNode(info) : throw new FormatException("Its id occurs twice."));
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                leftOut[new NodeId(info.Id)] = e.Message;
            }
        }
        return (nodes.ToImmutable(), leftOut.ToImmutable());
    }

    private static MeshSettings? TryToSettings(WireSettings? wire, out string problem)
    {
        try
        {
            var settings = ToSettings(wire ?? throw new FormatException("There are none."));
            problem = settings.Problem() ?? "";
            return problem.Length == 0 ? settings : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            problem = e.Message;
            return null;
        }
    }

    public static MeshSnapshot FromMap(MeshMap map)
    {
        var snapshot = new MeshSnapshot { StoreId = map.StoreId, Revision = map.Revision, Settings = FromSettings(map.Settings) };
        snapshot.Nodes.Add(map.Nodes.Values.Select(FromNode));
        snapshot.Tombstones.Add(map.Tombstones.Select(id => id.Value));
        return snapshot;
    }

    public static WireEndpoint FromEndpoint(EndpointCandidate candidate) => new()
    {
        Address = candidate.EndPoint.Address.ToString(),
        Port = (uint)candidate.EndPoint.Port,
        Kind = (WireEndpoint.Types.Kind)candidate.Source,
    };

    public static WireGathers FromGathers(GatherClaims gathers) =>
        new() { Prefixes = { gathers.Ranges.Select(range => range.ToString()) }, Priority = (uint)gathers.Priority, Failing = gathers.IsFailing };

    /// <summary>A newer controller may let through what we cannot read: that is no reason to lose the node.</summary>
    private static GatherClaims ToGathers(WireGathers? gathers)
    {
        if (gathers is null)
            return GatherClaims.None;
        ImmutableArray<IPNetwork> ranges = [.. gathers.Prefixes.SelectMany(text => IPNetwork.TryParse(text, out var range) && range.PrefixLength > 0 ? [range] : (IPNetwork[])[]).Distinct()];
        ImmutableArray<IPNetwork> taken = [.. ranges.Take(GatherClaims.MostRanges)];
        return new GatherClaims
        {
            Ranges = taken,
            Priority = (int)Math.Clamp(gathers.Priority, 1, GatherClaims.MostPriority),
            IsFailing = gathers.Failing,
            IsPartial = taken.Length < gathers.Prefixes.Count,
        };
    }

    public static MeshNode ToNode(NodeInfo node)
    {
        if (node.Id == 0 || node.WireguardKeys.Count == 0)
            throw new FormatException($"Node \"{node.Hostname}\" has no id or no key.");
        return new MeshNode
        {
            Id = new NodeId(node.Id),
            HostName = node.Hostname,
            WireGuardKeys = [.. node.WireguardKeys.Select(key => ToKey(node, key.Span))],
            Address4 = IPAddress.Parse(node.Address4),
            Address6 = IPAddress.Parse(node.Address6),
            FurtherAddresses = [.. node.FurtherAddresses.SelectMany(ToFurther)],
            RestingAddresses = [.. node.RestingAddresses.SelectMany(ToAddress)],
            TunnelAddress = IPAddress.Parse(node.TunnelAddress),
            Asn = new Asn(node.Asn),
            IsTransit = node.Transit,
            IsBehindNat = node.BehindNat,
            Endpoints = [.. node.Endpoints.Where(IsKnown).Select(ToEndpoint)],
            Grants = [.. node.Grants.Select(ToGrant)],
            Site = node.Site,
            UnderlayMtu = node.UnderlayMtu <= ushort.MaxValue ? (int)node.UnderlayMtu : 0,
            Gathers = ToGathers(node.Gathers),
            IsDraining = node.Draining,
        };
    }

    /// <summary>Our own entry, as enrolling answers it: the keys may be left out, we know our own.</summary>
    public static MeshNode ToOwnNode(NodeInfo? node, WireGuardPublicKey key)
    {
        if (node is null)
            throw new FormatException("The controller's answer has no node in it.");
        if (node.WireguardKeys.Count == 0)
            node.WireguardKeys.Add(Google.Protobuf.ByteString.CopyFrom(key.Bytes));
        return ToNode(node);
    }

    private static WireGuardPublicKey ToKey(NodeInfo node, ReadOnlySpan<byte> key) => key.Length == WireGuardPublicKey.Length
        ? new WireGuardPublicKey(key)
        : throw new FormatException($"Node \"{node.Hostname}\" has a WireGuard key of {key.Length} bytes.");

    // One that is none is left out, and the node is not.
    private static IEnumerable<FurtherAddress> ToFurther(Contract.V1.FurtherAddress further) =>
        ToAddress(further.Address).Select(address => new FurtherAddress(address, further.Note.Length <= FurtherAddress.LongestNote ? further.Note : further.Note[..FurtherAddress.LongestNote]));

    private static IPAddress[] ToAddress(string text) => IPAddress.TryParse(text, out var address) ? [address] : [];

    public static Contract.V1.FurtherAddress FromFurther(FurtherAddress further) => new() { Address = further.Address.ToString(), Note = further.Note };

    /// <summary>A newer controller may know kinds that we do not.</summary>
    private static bool IsKnown(WireEndpoint endpoint) => Enum.IsDefined((EndpointSource)endpoint.Kind);

    private static EndpointCandidate ToEndpoint(WireEndpoint endpoint) =>
        new(new IPEndPoint(IPAddress.Parse(endpoint.Address), checked((ushort)endpoint.Port)), (EndpointSource)endpoint.Kind);

    private static RouteGrant ToGrant(Contract.V1.RouteGrant grant)
    {
        var prefix = IPNetwork.Parse(grant.Prefix);
        return new RouteGrant(prefix, grant.MaxLength == 0 ? prefix.PrefixLength : checked((int)grant.MaxLength))
        {
            IsPinned = grant.Pin,
            MayGather = grant.Gather,
            IsAssigned = grant.Assigned,
            // One that is none is left out, and the grant is not.
            Name = HostName.TryNormalise(grant.Name, out var name, out _) ? name : null,
        };
    }

    private static MeshSettings ToSettings(WireSettings settings)
    {
        var defaults = new MeshSettings { Pool4 = IPNetwork.Parse(settings.Pool4), Pool6 = IPNetwork.Parse(settings.Pool6), TunnelPool = IPNetwork.Parse(settings.TunnelPool) };
        return defaults with
        {
            BgpPort = settings.BgpPort == 0 ? defaults.BgpPort : checked((int)settings.BgpPort),
            MaxMeshHops = settings.MaxMeshHops == 0 ? defaults.MaxMeshHops : checked((int)settings.MaxMeshHops),
            Controllers = [.. settings.Controllers],
            CaPins = [.. settings.CaPins],
        };
    }

    private static NodeInfo FromNode(MeshNode node)
    {
        var info = new NodeInfo
        {
            Id = node.Id.Value,
            Hostname = node.HostName,
            Address4 = node.Address4.ToString(),
            Address6 = node.Address6.ToString(),
            TunnelAddress = node.TunnelAddress.ToString(),
            Asn = node.Asn.Value,
            Transit = node.IsTransit,
            BehindNat = node.IsBehindNat,
            Site = node.Site,
            UnderlayMtu = (uint)node.UnderlayMtu,
            Gathers = node.Gathers == GatherClaims.None ? null : FromGathers(node.Gathers),
            Draining = node.IsDraining,
        };
        info.WireguardKeys.Add(node.WireGuardKeys.Select(key => Google.Protobuf.ByteString.CopyFrom(key.Bytes)));
        info.Endpoints.Add(node.Endpoints.Select(FromEndpoint));
        info.Grants.Add(node.Grants.Select(FromGrant));
        info.FurtherAddresses.Add(node.FurtherAddresses.Select(FromFurther));
        info.RestingAddresses.Add(node.RestingAddresses.Select(address => address.ToString()));
        return info;
    }

    private static Contract.V1.RouteGrant FromGrant(RouteGrant grant) =>
        new() { Prefix = grant.Prefix.ToString(), MaxLength = (uint)grant.MaxLength, Pin = grant.IsPinned, Gather = grant.MayGather, Assigned = grant.IsAssigned, Name = grant.Name ?? "" };

    private static WireSettings FromSettings(MeshSettings settings)
    {
        var wire = new WireSettings
        {
            Pool4 = settings.Pool4.ToString(),
            Pool6 = settings.Pool6.ToString(),
            TunnelPool = settings.TunnelPool.ToString(),
            BgpPort = (uint)settings.BgpPort,
            MaxMeshHops = (uint)settings.MaxMeshHops,
        };
        wire.Controllers.Add(settings.Controllers);
        wire.CaPins.Add(settings.CaPins);
        return wire;
    }
}
