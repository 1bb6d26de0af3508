using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Asks FRR how its neighbours are. Changes nothing, so it runs beside the supervisor's loop.</summary>
internal sealed class StatusReader(VtyshRunner vtysh, FrrInstallation installation, Func<ImmutableArray<RouteConflict>> conflicts)
{
    /// <summary>What <see cref="ParseNeighbors"/> reads the answers to.</summary>
    internal static readonly string[] NeighborCommands = ["show bgp summary json", "show bfd peers json"];

    public async Task<RoutingStatus> ReadAsync(SupervisorState state, CancellationToken ct)
    {
        var status = new RoutingStatus { State = state.State, Errors = state.Errors, Daemons = state.Daemons, Restarts = state.Restarts, Conflicts = conflicts() };
        if (installation.Examined is { } features)
            status = status with { FrrVersion = features.Version?.ToString(), Errors = [.. status.Errors, .. features.Doubt is { } doubt ? [doubt] : Array.Empty<string>()] };
        if (state.State != RoutingState.Running) return status;
        try
        {
            var neighbors = ParseNeighbors(await vtysh.RunAsync(NeighborCommands, ct));
            return status with { Neighbors = await NeighborErrors.AddAsync(neighbors, vtysh, ct), WrongSignatures = NeighborErrors.WrongSignatures() };
        }
        catch (Exception e) when (e is RoutingException or JsonException)
        {
            return status with { IsUnread = true, Errors = status.Errors.Add($"FRR's state cannot be read: {e.Message}") };
        }
    }

    /// <summary>Both families' neighbours, ordered by interface.</summary>
    /// <param name="said">The answers to <c>show bgp summary json</c> and <c>show bfd peers json</c>, one after the other.</param>
    /// <exception cref="JsonException">FRR said something else than it should.</exception>
    internal static ImmutableArray<NeighborStatus> ParseNeighbors(string said)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(said), new JsonReaderOptions { AllowMultipleValues = true });
        var summary = JsonSerializer.Deserialize(ref reader, FrrJson.Default.BgpSummary) ?? new BgpSummary();
        if (!reader.Read()) throw new JsonException("FRR's answer ends before its BFD peers");
        var up = (JsonSerializer.Deserialize(ref reader, FrrJson.Default.ListBfdPeer) ?? [])
            .Where(p => p.Status == "up").SelectMany(p => new[] { p.Interface, p.Peer }).OfType<string>().ToHashSet();
        var families = new[] { summary.Ipv4, summary.Ipv6 }.OfType<BgpFamily>().SelectMany(f => f.Peers);
        return [.. families.GroupBy(p => p.Key, p => p.Value).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new NeighborStatus
        {
            Interface = g.Key,
            BgpState = g.First().State,
            PrefixesReceived = g.Sum(p => p.PrefixesReceived),
            PrefixesSent = g.Sum(p => p.PrefixesSent),
            UptimeMs = g.First().UptimeMs,
            BfdUp = up.Contains(g.Key),
        })];
    }
}
