using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Meshover.Linux.Icmp;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Looks after neighbours where bgpd alone does not (docs/decisions/021-graceful-restart-has-an-end.md): drops the routes of one that died
/// after its FRR had died, and closes the session of one that floods us with routes that are refused.
/// </summary>
internal sealed partial class NeighborWatch(
    VtySocket vty, Func<SupervisorState> current, Func<FrrConfig?> applied, TimeProvider time, ILogger logger)
{
    /// <summary>Neighbours of an AS number that none has: what is left are the figures of the tables, which the list of the lost lacks where it is empty.</summary>
    private const string TablesAlone = "remote-as 1";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _intervalOfQuestions = TimeSpan.FromMilliseconds(300);

    private readonly LostNeighbors _lost = new();
    private readonly FloodGuard _floods = new(vty, time, logger);

    /// <summary>The links by which an answer may come, by the addresses that were asked.</summary>
    private readonly ConcurrentDictionary<IPAddress, string> _asked = [];

    public async Task RunAsync(CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var echo = new EchoSocket();
        using var netlink = new RouteNetlink();
        var hearing = HearAsync(echo, stop.Token);
        try
        {
            while (true)
            {
                var pause = await LookAsync(echo, netlink, ct) ? _intervalOfQuestions : _interval;
                if (hearing.IsCompleted) await hearing;
                await Task.Delay(pause, time, ct);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HearAsync(EchoSocket echo, CancellationToken ct)
    {
        while (true)
            if (_asked.TryGetValue(await echo.ReceiveAsync(ct), out var link)) _lost.Answered(link);
    }

    /// <returns>Whether somebody was asked, so that the next look should come soon.</returns>
    private async Task<bool> LookAsync(EchoSocket echo, RouteNetlink netlink, CancellationToken ct)
    {
        if (current().State != RoutingState.Running) return false;
        try
        {
            var (tables, failed) = await SummariesAsync(ct);
            if (applied() is { } config) await _floods.LookAsync(tables, config.Bgpd, ct);
            var step = _lost.Look(LostPeers.In(failed));
            foreach (var link in step.Ask) Ask(echo, netlink, link);
            if (!step.GiveUp.IsEmpty) await DropRoutesAsync(LostPeers.Router(tables), step.GiveUp, ct);
            return !step.Ask.IsEmpty;
        }
        catch (Exception e) when (e is RoutingException or JsonException or NetlinkException)
        {
            LogBlind(e.Message); // FRR is ending or hangs, which others see to; the next look is soon
            return false;
        }
    }

    // Both at once: each connection costs both ends as much as its answer.
    private async Task<(BgpSummary Tables, BgpSummary Failed)> SummariesAsync(CancellationToken ct)
    {
        var said = await vty.AskAllAsync(FrrDaemon.Bgpd, _patience, ct, $"show bgp summary {TablesAlone} json", "show bgp summary failed json");
        return (Parse(said[0]), Parse(said[1]));

        static BgpSummary Parse(string json) => JsonSerializer.Deserialize(json, FrrJson.Default.BgpSummary) ?? new BgpSummary();
    }

    private void Ask(EchoSocket echo, RouteNetlink netlink, string link)
    {
        if (NodeId.FromLinkName(link) is not { } peer || netlink.FindLink(link) is not { } device) return;
        var address = new IPAddress(peer.LinkLocal.GetAddressBytes(), device.Index);
        _asked[address] = link;
        try
        {
            echo.Ask(address);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            LogNotAsked(link, e.Message); // a link without its other end: it counts as no answer
        }
    }

    /// <summary>'clear bgp' leaves stale routes; 'shutdown' takes them away. Both lines go in one write, so that no neighbour stays shut.</summary>
    private async Task DropRoutesAsync(uint router, ImmutableArray<string> links, CancellationToken ct)
    {
        await vty.AskAsync(FrrDaemon.Bgpd, _patience, ct,
            ["enable", "configure terminal", $"router bgp {router}", .. links.SelectMany(l => new[] { $"neighbor {l} shutdown", $"no neighbor {l} shutdown" })]);
        _lost.GaveUp(links);
        foreach (var link in links) LogDropped(link);
    }

    [LoggerMessage(LogLevel.Warning, "{Link}: the neighbour's FRR ended and its machine does not answer; the routes through it are dropped")]
    private partial void LogDropped(string link);

    [LoggerMessage(LogLevel.Debug, "{Link} cannot be asked: {Reason}")]
    private partial void LogNotAsked(string link, string reason);

    [LoggerMessage(LogLevel.Debug, "neighbours cannot be seen: {Reason}")]
    private partial void LogBlind(string reason);
}
