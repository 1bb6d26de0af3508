using System.Text.Json;
using System.Text.RegularExpressions;
using Meshover.Mesh.Identity;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Closes the session of a neighbour that sends more than its bound. bgpd counts only what it accepts, but keeps what it refuses too
/// (soft-reconfiguration inbound). <c>maximum-prefix … force</c> would count that, but FRR 8.4 counts everybody's against each neighbour
/// then, so that one who floods would cost all others their sessions: it is given to the one alone, and taken back in the same write.
/// </summary>
internal sealed partial class FloodGuard(VtySocket vty, TimeProvider time, ILogger logger)
{
    /// <summary>Neighbours that are counted in one look; counting one walks the whole table.</summary>
    private const int MostSuspects = 8;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // A table that is large for another reason, such as the operator's own neighbours, is not worth a count each second.
    private readonly Retries<string> _tries = new(TimeSpan.FromHours(1), time);

    /// <param name="tables">The figures of both tables.</param>
    /// <param name="bgpd">The configuration that runs.</param>
    public async Task LookAsync(BgpSummary tables, string bgpd, CancellationToken ct)
    {
        FloodedTable[] flooded = [.. Flooded("ipv4", tables.Ipv4, bgpd), .. Flooded("ipv6", tables.Ipv6, bgpd)];
        _tries.Keep(flooded.Select(t => t.Family).ToHashSet());
        foreach (var table in flooded.Where(t => _tries.IsDue(t.Family)))
        {
            _tries.Tried(table.Family);
            await CloseSessionsAsync(table, ct);
        }
    }

    /// <summary>The bound is twice what all nodes together may announce, and a prefix makes at most two nodes of the tree.</summary>
    internal static IEnumerable<FloodedTable> Flooded(string name, BgpFamily? family, string bgpd)
    {
        var at = bgpd.IndexOf($" address-family {name} unicast\n", StringComparison.Ordinal);
        if (family is null || at < 0 || Bound().Match(bgpd, at) is not { Success: true } bound) yield break;
        var most = long.Parse(bound.Groups["most"].Value);
        if (family.RibCount > 2 * most) yield return new FloodedTable(name, family.As, most);
    }

    private async Task CloseSessionsAsync(FloodedTable table, CancellationToken ct)
    {
        foreach (var link in await SuspectsAsync(table, ct))
        {
            var sent = await CountAsync(table, link, ct);
            if (sent <= table.Most) continue;
            var line = $"neighbor {link} maximum-prefix {table.Most} restart 5 force";
            await vty.AskAsync(FrrDaemon.Bgpd, _patience, ct,
                "enable", "configure terminal", $"router bgp {table.Router}", $"address-family {table.Family} unicast", line, $"no {line}");
            LogClosed(link, sent, table.Family, table.Most);
        }
    }

    /// <summary>Those first of whom most was heard.</summary>
    private async Task<IEnumerable<string>> SuspectsAsync(FloodedTable table, CancellationToken ct)
    {
        var said = await vty.AskAsync(FrrDaemon.Bgpd, _patience, ct, "show bgp summary established json");
        var summary = JsonSerializer.Deserialize(said, FrrJson.Default.BgpSummary);
        var peers = (table.Family == "ipv4" ? summary?.Ipv4 : summary?.Ipv6)?.Peers ?? [];
        return peers.Where(p => NodeId.IsLinkName(p.Key)).OrderByDescending(p => p.Value.MessagesReceived).Take(MostSuspects).Select(p => p.Key);
    }

    private async Task<long> CountAsync(FloodedTable table, string link, CancellationToken ct)
    {
        var said = await vty.AskAsync(FrrDaemon.Bgpd, _patience, ct, "enable", $"show bgp {table.Family} unicast neighbors {link} prefix-counts json");
        return JsonSerializer.Deserialize(said, FrrJson.Default.BgpPrefixCounts)?.Table.Received ?? 0;
    }

    [GeneratedRegex(@"neighbor \S+ maximum-prefix (?<most>[0-9]{1,10})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bound();

    [LoggerMessage(LogLevel.Warning, "{Link}: the neighbour sent {Sent} {Family} prefixes, and the limit is {Most}; its session is closed for five minutes")]
    private partial void LogClosed(string link, long sent, string family, long most);
}

/// <summary>A table of bgpd that is larger than the mesh could make it.</summary>
/// <param name="Family">ipv4 or ipv6.</param>
/// <param name="Router">Our AS number.</param>
/// <param name="Most">Prefixes that one neighbour may send.</param>
internal sealed record FloodedTable(string Family, uint Router, long Most);
