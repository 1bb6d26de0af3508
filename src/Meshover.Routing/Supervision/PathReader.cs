using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
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

    /// <exception cref="RoutingException">bgpd does not answer, or a prefix is none.</exception>
    public async Task<ImmutableArray<AnnouncedPath>> ReadAsync(ImmutableArray<string> prefixes, CancellationToken ct)
    {
        if (prefixes.Length > Most) throw new RoutingException($"'paths' takes at most {Most} prefixes, not {prefixes.Length}");
        var found = ImmutableArray.CreateBuilder<AnnouncedPath>();
        foreach (var text in prefixes)
        {
            if (!IPNetwork.TryParse(text, out var prefix)) throw new RoutingException($"'{text}' is not a prefix");
            found.AddRange(Parse(text, await AskAsync(prefix, ct)));
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

    /// <summary>Nobody announces one that bgpd says it does not have.</summary>
    private async Task<string> AskAsync(IPNetwork prefix, CancellationToken ct)
    {
        var family = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6";
        try
        {
            return await vty.AskAsync(FrrDaemon.Bgpd, _patience, ct, $"show bgp {family} unicast {PrefixListEntry.Text(prefix)} json") is { Length: > 0 } said && said.Contains('{', StringComparison.Ordinal) ? said : "{}";
        }
        catch (RoutingException e) when (e.InnerException is null)
        {
            return "{}";
        }
    }

    private static AnnouncedPath Of(string prefix, BgpPath path) => new(prefix, path.AsPath?.Segments.SelectMany(segment => segment.List).LastOrDefault() ?? 0)
    {
        Failover = Words(path.LargeCommunity).Select(FailoverMarks.TryParse).FirstOrDefault(failover => failover is not null),
        IsGoing = Words(path.Community).Any(community => community is GracefulShutdown or "graceful-shutdown"),
    };

    private static string[] Words(BgpCommunities? communities) => communities?.Text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
