using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>A route of the mesh that zebra has and does not use, as this machine has another one of the same prefix.</summary>
/// <param name="Prefix">As FRR writes it.</param>
/// <param name="By">Who set the other: kernel (by hand, a network manager or DHCP), connected, static, ….</param>
/// <param name="Interface">By which the other leads; empty: by none.</param>
public sealed record RouteConflict(string Prefix, string By, string Interface)
{
    /// <summary>There is no other: zebra has selected it, and the kernel does not have it.</summary>
    public bool IsNotInstalled { get; init; }
}

/// <summary>
/// Looks for routes of BGP that zebra has not selected, and for those that it has and the kernel has not. A table of thousands takes zebra a while to
/// print, so it is asked the more seldom, the longer that is.
/// </summary>
internal sealed class RouteConflicts(VtySocket vty, Func<SupervisorState> state, TimeProvider time)
{
    private const int Most = 10;
    private const int Share = 50;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly (string Name, AddressFamily Family)[] _families = [("ip", AddressFamily.InterNetwork), ("ipv6", AddressFamily.InterNetworkV6)];

    private HashSet<string> _missing = [];

    /// <summary>What was found last.</summary>
    public ImmutableArray<RouteConflict> Current { get; private set; } = [];

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            var since = time.GetTimestamp();
            Current = state().State == RoutingState.Running ? await LookAsync(ct) : [];
            var pause = time.GetElapsedTime(since) * Share;
            await Task.Delay(pause > _interval ? pause : _interval, time, ct);
        }
    }

    /// <summary>Prefixes of which no route of BGP is selected, in FRR's order.</summary>
    /// <param name="said">The answer to <c>show ip route bgp json</c>, or of IPv6: for each prefix its entries, of which the selected one says so.</param>
    /// <exception cref="JsonException">FRR said something else.</exception>
    internal static IEnumerable<string> Unselected(string said) =>
        Parse(said).Where(prefix => !prefix.Value.Exists(entry => entry.Selected)).Select(prefix => prefix.Key);

    /// <summary>
    /// Prefixes whose selected route of BGP the kernel does not have: it has not taken it, or it has it no more and zebra does not know. With a
    /// nexthop object that somebody deletes, the kernel takes the routes by it away, those of IPv4 without a word.
    /// </summary>
    /// <inheritdoc cref="Unselected"/>
    /// <param name="held">Prefixes of the kernel's routes of BGP, read after zebra had answered.</param>
    internal static IEnumerable<string> NotInstalled(string said, HashSet<IPNetwork> held) =>
        Parse(said).Where(prefix => prefix.Value.Exists(entry => entry is { Selected: true, Protocol: "bgp", IsQueued: false } && !(entry.Installed && IsHeld(prefix.Key, held)))).Select(prefix => prefix.Key);

    private static bool IsHeld(string prefix, HashSet<IPNetwork> held) => !IPNetwork.TryParse(prefix, out var network) || held.Contains(network);

    /// <param name="prefix">Of which it is.</param>
    /// <param name="said">The answer to <c>show ip route PREFIX json</c>.</param>
    /// <returns>Null where there is no other route that is selected.</returns>
    /// <exception cref="JsonException">FRR said something else.</exception>
    internal static RouteConflict? Of(string prefix, string said)
    {
        var chosen = Parse(said).Values.SelectMany(entries => entries).FirstOrDefault(entry => entry is { Selected: true, Protocol: not "bgp" });
        return chosen is null ? null : new RouteConflict(prefix, chosen.Protocol, chosen.NextHops.FirstOrDefault(hop => hop.Interface is not null)?.Interface ?? "");
    }

    /// <summary>Nothing where FRR, or the kernel, does not answer: that is said elsewhere.</summary>
    private async Task<ImmutableArray<RouteConflict>> LookAsync(CancellationToken ct)
    {
        try
        {
            var found = ImmutableArray.CreateBuilder<RouteConflict>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (family, addresses) in _families)
            {
                var routes = await AskAsync($"show {family} route bgp json", ct);
                // Seen twice running: each is for a moment between its choice and the kernel's answer.
                var missing = NotInstalled(routes, Held(addresses)).ToHashSet(StringComparer.Ordinal);
                found.AddRange(missing.Where(_missing.Contains).Take(Most).Select(prefix => new RouteConflict(prefix, "", "") { IsNotInstalled = true }));
                seen.UnionWith(missing);
                foreach (var prefix in Unselected(routes).Take(Most))
                    if (Of(prefix, await AskAsync($"show {family} route {prefix} json", ct)) is { } conflict) found.Add(conflict);
            }
            _missing = seen;
            return found.ToImmutable();
        }
        catch (Exception e) when (e is RoutingException or JsonException or NetlinkException)
        {
            return [];
        }
    }

    // 10,000 routes take the kernel and us some 20 ms.
    private static HashSet<IPNetwork> Held(AddressFamily family)
    {
        using var netlink = new RouteNetlink();
        return [.. netlink.GetRoutes(new RouteFilter { Family = family, Protocol = RouteProtocols.Bgp, Table = RouteInfo.MainTable }).Select(route => route.Destination)];
    }

    private Task<string> AskAsync(string command, CancellationToken ct) => vty.AskAsync(FrrDaemon.Zebra, _patience, ct, "enable", command);

    private static Dictionary<string, List<ZebraRoute>> Parse(string said) => JsonSerializer.Deserialize(said, FrrJson.Default.DictionaryStringListZebraRoute) ?? [];
}
