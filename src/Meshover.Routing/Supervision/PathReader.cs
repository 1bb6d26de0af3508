using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Asks bgpd who announces a prefix. One question each by bgpd's own socket: less than a millisecond.</summary>
internal sealed class PathReader(VtySocket vty)
{
    /// <summary>As many as one may ask for at once.</summary>
    public const int Most = 4096;

    private const string GracefulShutdown = "65535:0"; // RFC 8326
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>A walk of the whole table takes longer than a look at a prefix, the more so on a machine that has much to do.</summary>
    private static readonly TimeSpan _walkPatience = TimeSpan.FromSeconds(10);

    /// <exception cref="RoutingException">bgpd does not answer, or a prefix is none.</exception>
    public async Task<ImmutableArray<AnnouncedPath>> ReadAsync(ImmutableArray<string> prefixes, CancellationToken ct)
    {
        if (prefixes.Length > Most) throw new RoutingException($"'paths' takes at most {Most} prefixes, not {prefixes.Length}");
        var found = ImmutableArray.CreateBuilder<AnnouncedPath>();
        foreach (var text in prefixes)
        {
            if (!IPNetwork.TryParse(text, out var prefix)) throw new RoutingException($"'{text}' is not a prefix");
            found.AddRange(Parse(text, await AskAsync($"show bgp {Family(prefix)} unicast {PrefixListEntry.Text(prefix)} json", _patience, ct)));
        }
        return found.ToImmutable();
    }

    /// <param name="prefix">Of which it is.</param>
    /// <param name="said">The answer to <c>show bgp FAMILY unicast PREFIX json</c>.</param>
    /// <exception cref="RoutingException">FRR said something else.</exception>
    internal static IEnumerable<AnnouncedPath> Parse(string prefix, string said)
    {
        try
        {
            return [.. (JsonSerializer.Deserialize(said, FrrJson.Default.BgpPrefix)?.Paths ?? []).Where(path => path.IsValid != false).Select(path => Of(prefix, path))];
        }
        catch (JsonException e)
        {
            throw new RoutingException($"bgpd's paths to {prefix} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Nothing of a prefix, or a neighbour, that bgpd says it does not have.</summary>
    private async Task<string> AskAsync(string question, TimeSpan patience, CancellationToken ct)
    {
        try
        {
            return await vty.AskAsync(FrrDaemon.Bgpd, patience, ct, question) is { Length: > 0 } said && said.Contains('{', StringComparison.Ordinal) ? said : "{}";
        }
        catch (RoutingException e) when (e.InnerException is null)
        {
            return "{}";
        }
    }

    /// <summary>
    /// What neighbours announce of a range and bgpd does not take, by the filters as they are now: it keeps that (soft-reconfiguration inbound). bgpd walks its
    /// whole table once for each neighbour.
    /// </summary>
    /// <param name="around">What overlaps it is told.</param>
    /// <param name="links">Of whom.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RoutingException">bgpd does not answer, or the question cannot be meant.</exception>
    public async Task<ImmutableArray<RefusedPath>> RefusedAsync(string around, ImmutableArray<string> links, CancellationToken ct)
    {
        if (links.Length > RefusedPath.MostNeighbors) throw new RoutingException($"'refused' takes at most {RefusedPath.MostNeighbors} neighbours, not {links.Length}");
        if (links.FirstOrDefault(link => !NodeId.IsLinkName(link)) is { } wrong) throw new RoutingException($"'{wrong}' is not a link");
        if (!IPNetwork.TryParse(around, out var range)) throw new RoutingException($"'{around}' is not a prefix");
        var found = ImmutableArray.CreateBuilder<RefusedPath>();
        foreach (var link in links)
            found.AddRange(ParseRefused(link, range, await AskAsync($"show bgp {Family(range)} unicast neighbors {link} filtered-routes json", _walkPatience, ct)));
        return found.ToImmutable();
    }

    /// <param name="link">Of whom it is.</param>
    /// <param name="around">What overlaps it is told.</param>
    /// <param name="said">The answer to <c>show bgp FAMILY unicast neighbors LINK filtered-routes json</c>: among other things an object of routes by their prefixes.</param>
    /// <exception cref="RoutingException">FRR said something else.</exception>
    internal static IEnumerable<RefusedPath> ParseRefused(string link, IPNetwork around, string said)
    {
        try
        {
            using var answer = JsonDocument.Parse(said);
            return
            [
                .. from part in answer.RootElement.EnumerateObject()
                   where part.Value.ValueKind == JsonValueKind.Object
                   from route in part.Value.EnumerateObject()
                   where IPNetwork.TryParse(route.Name, out var prefix) && Prefixes.Overlap(prefix, around)
                   select new RefusedPath(route.Name, link, OriginOf(route.Value)),
            ];
        }
        catch (JsonException e)
        {
            throw new RoutingException($"What {link} announces cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The last number of the AS path, as text.</summary>
    private static uint OriginOf(JsonElement route) =>
        route.ValueKind == JsonValueKind.Object && route.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String
        && uint.TryParse(path.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var origin) ? origin : 0;

    private static string Family(IPNetwork prefix) => prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6";

    private static AnnouncedPath Of(string prefix, BgpPath path) => Of(prefix, path, [.. path.AsPath?.Segments.SelectMany(segment => segment.List) ?? []]);

    private static AnnouncedPath Of(string prefix, BgpPath path, uint[] numbers) => Of(prefix, path, numbers, Words(path.LargeCommunity).Select(FailoverMarks.TryParse).FirstOrDefault(failover => failover is not null));

    private static AnnouncedPath Of(string prefix, BgpPath path, uint[] numbers, Failover? failover) => new(prefix, numbers.LastOrDefault())
    {
        Neighbor = numbers.FirstOrDefault(),
        Router = RouterOf(path.Peer),
        IsUsed = path.Best is { IsBest: true } || path.IsMultipath == true,
        Cost = path.Metric is { } metric ? FailoverMarks.CostOf(metric, failover) : null,
        Failover = failover,
        IsGoing = Words(path.Community).Any(community => community is GracefulShutdown or "graceful-shutdown"),
    };

    /// <summary>Of what a router outside told the AS path is empty, as that of one's own: its numbers are none of the mesh's.</summary>
    // bgpd names the interface of an unnumbered session, as those of the mesh are, and the address of any other.
    private static string? RouterOf(BgpPathPeer? peer) => peer switch
    {
        { Interface: { } link } => NodeId.IsLinkName(link) ? null : link,
        { Id: { } id } when IPAddress.TryParse(id, out var address) && !(address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) => id,
        _ => null,
    };

    private static string[] Words(BgpCommunities? communities) => communities?.Text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
