using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Asks FRR how its neighbours are. Changes nothing, so it runs beside the supervisor's loop.</summary>
internal sealed partial class StatusReader(VtyshRunner vtysh)
{
    private string? _version;

    public async Task<RoutingStatus> ReadAsync(SupervisorState state, CancellationToken ct)
    {
        var status = new RoutingStatus { State = state.State, Errors = state.Errors, Daemons = state.Daemons, Restarts = state.Restarts, FrrVersion = _version };
        if (state.State != RoutingState.Running) return status;
        try
        {
            _version ??= ParseVersion(await vtysh.RunAsync(["show version"], ct));
            var said = await vtysh.RunAsync(["show bgp summary json", "show bfd peers json"], ct);
            return status with { FrrVersion = _version, Neighbors = ParseNeighbors(said) };
        }
        catch (Exception e) when (e is RoutingException or JsonException)
        {
            return status with { Errors = status.Errors.Add($"FRR's state cannot be read: {e.Message}") };
        }
    }

    internal static string? ParseVersion(string text) => Version().Match(text) is { Success: true } match ? match.Groups["version"].Value : null;

    /// <summary>Both families' neighbours, ordered by interface.</summary>
    /// <param name="said">The answers to <c>show bgp summary json</c> and <c>show bfd peers json</c>, one after the other.</param>
    /// <exception cref="JsonException">FRR said something else than it should.</exception>
    internal static ImmutableArray<NeighborStatus> ParseNeighbors(string said)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(said), new JsonReaderOptions { AllowMultipleValues = true });
        var summary = JsonSerializer.Deserialize(ref reader, FrrJson.Default.BgpSummary) ?? new BgpSummary();
        if (!reader.Read()) throw new JsonException("FRR's answer ends before its BFD peers");
        var up = (JsonSerializer.Deserialize(ref reader, FrrJson.Default.ListBfdPeer) ?? [])
            .Where(p => p.Status == "up").Select(p => p.Interface).OfType<string>().ToHashSet();
        var families = new[] { summary.Ipv4, summary.Ipv6 }.OfType<BgpFamily>().SelectMany(f => f.Peers);
        return [.. families.GroupBy(p => p.Key, p => p.Value).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new NeighborStatus
        {
            Interface = g.Key,
            BgpState = g.First().State,
            PrefixesReceived = g.Sum(p => p.PrefixesReceived),
            UptimeMs = g.First().UptimeMs,
            BfdUp = up.Contains(g.Key),
        })];
    }

    [GeneratedRegex(@"^FRRouting (?<version>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Version();
}
