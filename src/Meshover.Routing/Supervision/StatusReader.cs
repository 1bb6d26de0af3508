using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Meshover.Mesh.Findings;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Asks FRR how its neighbours are. Changes nothing, so it runs beside the supervisor's loop.</summary>
/// <param name="silent">Daemons that hang, as far as it is known: nobody waits for their answers.</param>
internal sealed class StatusReader(
    VtyshRunner vtysh, FrrInstallation installation, Func<ImmutableArray<RouteConflict>> conflicts, Func<IEnumerable<string>> silent, TimeProvider time)
{
    /// <summary>What <see cref="ParseNeighbors"/> reads the answers to.</summary>
    internal static readonly string[] NeighborCommands = ["show bgp summary json", "show bfd peers json"];

    private static readonly TimeSpan _lookForSilent = TimeSpan.FromMilliseconds(500);

    /// <param name="state">Of the supervisor.</param>
    /// <param name="isUnsteady">FRR has ended again and again.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<RoutingStatus> ReadAsync(SupervisorState state, bool isUnsteady, CancellationToken ct)
    {
        var findings = state.Findings.ToList();
        var version = installation.Examined?.Version?.ToString();
        if (installation.Examined?.Doubt is { } doubt) findings.Add(new Finding(FindingKinds.FrrRelease, "", doubt));
        if (isUnsteady && !findings.Exists(finding => finding.Kind == FindingKinds.FrrKeepsDying))
            findings.Add(new Finding(FindingKinds.FrrKeepsDying, "", $"FRR has ended again and again: it was started {state.Restarts} times anew."));
        var (neighbors, fault) = state.State == RoutingState.Running ? await NeighborsAsync(ct) : ([], null);
        if (fault is not null) findings.Add(fault);
        return new RoutingStatus
        {
            State = state.State,
            FrrVersion = version,
            Errors = [.. findings.Select(finding => finding.Text)],
            Findings = [.. findings.Select(finding => new CodedFault(finding.Kind.Code, finding.Subject, finding.Text))],
            Daemons = state.Daemons,
            Restarts = state.Restarts,
            Conflicts = conflicts(),
            Neighbors = neighbors,
            IsUnread = fault is not null,
            WrongSignatures = state.State == RoutingState.Running && fault is null ? NeighborErrors.WrongSignatures() : 0,
        };
    }

    private async Task<(ImmutableArray<NeighborStatus> Neighbors, Finding? Fault)> NeighborsAsync(CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadNeighborsAsync(stop.Token);
        while (!reading.IsCompleted && !ct.IsCancellationRequested && !silent().Any())
            await Task.WhenAny(reading, Task.Delay(_lookForSilent, time, stop.Token));
        try
        {
            if (!reading.IsCompleted) await stop.CancelAsync();
            return (await reading, null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            var names = string.Join(" and ", silent());
            return ([], new Finding(FindingKinds.FrrHangs, names, $"{(names.Length > 0 ? names : "FRR")} runs and has not answered for more than {HangWatch.Noticed.TotalSeconds:0} s"));
        }
        catch (Exception e) when (e is RoutingException or JsonException)
        {
            return ([], new Finding(FindingKinds.FrrUnread, "", $"FRR's state cannot be read: {e.Message}"));
        }
    }

    private async Task<ImmutableArray<NeighborStatus>> ReadNeighborsAsync(CancellationToken ct) =>
        await NeighborErrors.AddAsync(ParseNeighbors(await vtysh.RunAsync(NeighborCommands, ct)), vtysh, ct);

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
