using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

// What the administration commands print with --json. Members are only ever added.

internal sealed record CreatedTokenDocument(string Id, string JoinString, DateTimeOffset Expires);

/// <param name="State">usable, used-up, expired or revoked.</param>
/// <param name="Uses">Null: unlimited.</param>
/// <param name="Hostnames">Patterns of the names that it admits; none: any.</param>
internal sealed record TokenDocument(
    string Id, string State, DateTimeOffset Expires, uint? Uses, uint Used, string[] Tags, string[] Grants, bool Replace, string[] Hostnames)
{
    public static TokenDocument Of(TokenInfo token, DateTimeOffset now)
    {
        var state = token switch
        {
            { Revoked: true } => "revoked",
            _ when now.ToUnixTimeSeconds() > token.ExpiresUnix => "expired",
            _ when token.Used >= token.Uses => "used-up",
            _ => "usable",
        };
        return new TokenDocument(token.TokenId, state, AdminText.Time(token.ExpiresUnix), AdminText.Uses(token.Uses), token.Used,
            [.. token.Tags], [.. token.Grants.Select(AdminText.WriteGrant)], token.Replace, [.. token.Hostnames]);
    }
}

/// <param name="From">configured, interface, controller or peer: who says so.</param>
internal sealed record EndpointDocument(string Address, string From)
{
    public static EndpointDocument Of(Endpoint endpoint) => new(
        endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]:{endpoint.Port}" : $"{endpoint.Address}:{endpoint.Port}",
        endpoint.Kind switch
        {
            Endpoint.Types.Kind.Configured => "configured",
            Endpoint.Types.Kind.Interface => "interface",
            Endpoint.Types.Kind.SeenByController => "controller",
            Endpoint.Types.Kind.SeenByPeer => "peer",
            _ => "unknown",
        });
}

internal sealed record NodeDocument
{
    public const string Removed = "removed";

    public required uint Id { get; init; }
    public required string Hostname { get; init; }

    /// <summary>online, offline or removed.</summary>
    public required string State { get; init; }
    public required bool Online { get; init; }

    /// <summary>unknown, lost, degraded, starting or ok: as the controller can tell.</summary>
    public required string Health { get; init; }
    public required DateTimeOffset? HealthSince { get; init; }

    /// <summary>How it stood before the controller's start; null: it was heard since, or nothing is known.</summary>
    public required string? LastKnown { get; init; }
    public required DateTimeOffset? LastSeen { get; init; }
    public required string Version { get; init; }
    public required string Address4 { get; init; }
    public required string Address6 { get; init; }
    public required NodeAddressDocument[] FurtherAddresses { get; init; }
    public required string TunnelAddress { get; init; }
    public required uint Asn { get; init; }
    public required bool Transit { get; init; }

    /// <summary>It is to be left.</summary>
    public required bool Draining { get; init; }
    public required string Site { get; init; }
    public required string[] Tags { get; init; }
    public required EndpointDocument[] Endpoints { get; init; }
    public required string[] Grants { get; init; }
    public required string[] Announced { get; init; }
    public required string[] AnnouncedNotGranted { get; init; }
    public required string[] Notices { get; init; }

    public static NodeDocument Of(NodeRecord node) => new()
    {
        Id = node.Id,
        Hostname = node.Hostname,
        State = node.Removed ? Removed : node.Online ? "online" : "offline",
        Online = node.Online,
        // A controller of a former release does not say it.
        Health = node.Health.Length > 0 ? node.Health : "unknown",
        HealthSince = node.HealthSinceUnix == 0 ? null : AdminText.Time(node.HealthSinceUnix),
        LastKnown = node.LastKnown.Length > 0 ? node.LastKnown : null,
        LastSeen = node.LastSeenUnix == 0 ? null : AdminText.Time(node.LastSeenUnix),
        Version = node.Version,
        Address4 = node.Address4,
        Address6 = node.Address6,
        FurtherAddresses = [.. node.FurtherAddresses.Select(further => NodeAddressDocument.Of(node.Hostname, further))],
        TunnelAddress = node.TunnelAddress,
        Asn = node.Asn,
        Transit = node.Transit,
        Draining = node.Draining,
        Site = node.Site,
        Tags = [.. node.Tags],
        Endpoints = [.. node.Endpoints.Select(EndpointDocument.Of)],
        Grants = [.. node.Grants.Select(AdminText.WriteGrant)],
        Announced = [.. node.Announced],
        AnnouncedNotGranted = [.. node.AnnouncedNotGranted],
        Notices = [.. node.Notices],
    };
}

/// <param name="Name">What its one address is called; null: nothing.</param>
internal sealed record GrantDocument(string Hostname, string Prefix, uint MaxLength, bool Pin, bool Gather, bool Assigned, string? Name);

/// <summary>A further node address.</summary>
/// <param name="Note">What it is for; null: nothing was said.</param>
/// <param name="RestsUntil">It was taken from the node, and is nobody's until then at least; null: the node has it.</param>
internal sealed record NodeAddressDocument(string Hostname, string Address, string? Note, DateTimeOffset? RestsUntil)
{
    public static NodeAddressDocument Of(string hostname, FurtherAddress further, long restsUntil = 0) =>
        new(hostname, further.Address, further.Note.Length > 0 ? further.Note : null, restsUntil == 0 ? null : AdminText.Time(restsUntil));
}

/// <param name="Operation">E.g. node.remove.</param>
/// <param name="Before">What of the object changed; empty: it is new.</param>
/// <param name="After">Empty: it is gone.</param>
/// <param name="Nodes">Whom it concerns, by id.</param>
internal sealed record AuditDocument(
    DateTimeOffset Time, long Revision, string Actor, string Operation, string Object, string Reason, string Before, string After, uint[] Nodes)
{
    public static AuditDocument Of(AuditEntry entry) => new(AdminText.Time(entry.TimeUnix), entry.Revision, entry.Actor, entry.Operation, entry.Object,
        entry.Reason, entry.Before, entry.After, [.. entry.Nodes]);
}
