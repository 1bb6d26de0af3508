using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using NodeRecord = Meshover.Contract.V1.NodeRecord;

namespace Meshover.Controller.Api;

/// <summary>What administrators are shown.</summary>
internal static class AdminMapping
{
    public static TokenInfo ToContract(TokenRecord token) => new()
    {
        TokenId = token.Id,
        ExpiresUnix = token.Expires,
        Uses = token.Uses,
        Used = token.Used,
        Tags = { token.Tags },
        Grants = { token.Grants.Select(grant => grant.ToContract()) },
        Replace = token.Replace,
        Revoked = token.Revoked,
    };

    private static readonly TimeSpan AdoptionTold = TimeSpan.FromDays(30);

    public static NodeRecord ToContract(NodeEntry node, LiveView? live, long now) => new()
    {
        Id = node.Record.Id,
        Hostname = node.Record.HostName,
        Address4 = node.Record.Address4,
        Address6 = node.Record.Address6,
        TunnelAddress = node.Record.TunnelAddress,
        Asn = node.Record.Asn,
        Online = live?.IsOnline ?? false,
        LastSeenUnix = live?.LastSeen.ToUnixTimeSeconds() ?? 0,
        Version = live?.Version ?? "",
        Transit = node.Reach.Transit,
        Endpoints = { node.Reach.Endpoints.Select(endpoint => endpoint.ToContract()) },
        Grants = { node.Record.Grants.Select(grant => grant.ToContract()) },
        Announced = { live?.Report.Announced.Select(prefix => prefix.ToString()) ?? [] },
        AnnouncedNotGranted = { Announcements.NotGranted(node.Record, live?.Report).Select(prefix => prefix.ToString()) },
        Tags = { node.Record.Tags },
        Site = node.Reach.Site,
        Notices = { NoticesOf(node.Record, live, now) },
        Removed = !node.IsActive,
    };

    private static IEnumerable<string> NoticesOf(State.NodeRecord node, LiveView? live, long now)
    {
        if (node.Adopted != 0 && now < node.Adopted + AdoptionTold.TotalSeconds)
            yield return $"It came back by its credential after a restore ({DateTimeOffset.FromUnixTimeSeconds(node.Adopted):u}). Where it should not have, "
                + $"run `meshover node remove {node.HostName}`.";
        if (live?.Copied is { } when)
            yield return $"Two machines use this node's identity (last seen together {when:u}; it connects from {string.Join(" and ", live.Places)}).";
    }
}
