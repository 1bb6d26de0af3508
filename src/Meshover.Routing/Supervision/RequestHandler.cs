using System.Text.RegularExpressions;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>What each request on routing.sock means.</summary>
internal sealed partial class RequestHandler(FrrSupervisor supervisor, StatusReader status, VtyshRunner vtysh, LeaseKeeper leases, PathReader paths)
{
    public async Task<RoutingReply> HandleAsync(RoutingRequest request, CancellationToken ct) => request switch
    {
        { Op: RoutingProtocol.Apply, Config: { Zebra: not null, Bgpd: not null, Bfdd: not null, BgpPort: > 0 and < 65536 } config } =>
            new RoutingReply { Applied = await ApplyAsync(config, ct) },
        { Op: RoutingProtocol.Apply } => throw new RoutingException("'apply' needs a config with zebra, bgpd, bfdd and a bgpPort of 1-65535"),
        { Op: RoutingProtocol.Status } => new RoutingReply { Status = await status.ReadAsync(supervisor.Current, supervisor.IsUnsteady, ct) },
        { Op: RoutingProtocol.ToggleSource } => await ToggleSourceAsync(ct),
        { Op: RoutingProtocol.Running } => new RoutingReply { Running = supervisor.Applied },
        { Op: RoutingProtocol.Renew } => new RoutingReply { Lapsed = leases.Renew() },
        { Op: RoutingProtocol.Paths } => new RoutingReply { Paths = await paths.ReadAsync(request.Prefixes, ct), FrrRunsMs = (long)supervisor.RunsFor.TotalMilliseconds },
        { Op: RoutingProtocol.Refused, Prefixes: [var around] } => new RoutingReply { Refused = await paths.RefusedAsync(around, request.Neighbors, ct) },
        { Op: RoutingProtocol.Refused } => throw new RoutingException("'refused' needs one prefix"),
        { Op: RoutingProtocol.Stop } => await StopAsync(ct),
        _ => throw new RoutingException($"meshover routing does not know the request '{request.Op}'; are both of the same release?"),
    };

    /// <summary>Whoever applies lives; also at the end, as it may take long.</summary>
    private async Task<ApplyResult> ApplyAsync(FrrConfig config, CancellationToken ct)
    {
        leases.Hear();
        var result = await supervisor.ApplyAsync(config, ct);
        leases.Hear();
        return result;
    }

    private async Task<RoutingReply> StopAsync(CancellationToken ct)
    {
        await supervisor.StopAsync(ct);
        return new RoutingReply();
    }

    /// <summary>Off and on again, whatever the template calls the route-maps.</summary>
    private async Task<RoutingReply> ToggleSourceAsync(CancellationToken ct)
    {
        var running = await vtysh.RunAsync([$"show running-config {vtysh.Installation.TakerOf(FrrDaemon.Zebra.Name)}"], ct);
        string[] lines = [.. SourceRouteMap().Matches(running).Select(m => m.Value.Trim())];
        if (lines.Length > 0) await vtysh.RunAsync(["configure terminal", .. lines.Select(l => $"no {l}"), .. lines], ct);
        return new RoutingReply();
    }

    [GeneratedRegex(@"^(ip|ipv6) protocol bgp route-map \S+", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SourceRouteMap();
}
