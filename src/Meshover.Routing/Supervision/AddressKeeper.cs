using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Tells zebra again of addresses that it missed. zebra 8.4 hears of links and of addresses on two sockets, read by two threads; an address
/// that overtakes its link, as happens while zebra starts or is busy, is dropped without a word. A link without its link-local address
/// gets no router advertisement out, so BGP never comes up on it. To set an address that is there makes the kernel announce it anew.
/// <para>
/// Looks after zebra's start and after addresses were set, once a second at most: some 1 kB from zebra for each link. By the way, zebra is made
/// to forget links that are gone, which it would keep for ever.
/// </para>
/// </summary>
internal sealed partial class AddressKeeper(
    VtySocket vty, Func<SupervisorState> current, Func<FrrConfig?> applied, Func<FrrDaemon> taker, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly Retries<(string Link, string Address)> _tries = new(TimeSpan.FromMinutes(1), time);
    private int _zebra;
    private volatile bool _changed;

    public async Task RunAsync(CancellationToken ct)
    {
        _changed = true; // what happened before this monitor was not heard
        using var netlink = new RouteNetlink();
        using var monitor = new RouteMonitor(new RouteMonitorOptions { Links = false, Routes = false, Rules = false, Neighbours = false });
        var heard = HearAsync(monitor, ct);
        using var timer = new PeriodicTimer(_interval, time);
        while (!heard.IsCompleted && await timer.WaitForNextTickAsync(ct)) await LookAsync(netlink, ct);
        await heard;
    }

    /// <summary>Addresses of the mesh's links in the kernel that zebra does not know; of links that it does not know either, none.</summary>
    internal static ImmutableArray<(string Link, AddressInfo Address)> Missing(
        IEnumerable<LinkInfo> links, IEnumerable<AddressInfo> addresses, IReadOnlyDictionary<string, ImmutableHashSet<string>> known)
    {
        var names = links.Where(l => KernelNames.Default.IsOurs(l.Name) && known.ContainsKey(l.Name))
            .ToDictionary(l => l.Index, l => l.Name);
        return
        [
            .. from address in addresses
               where names.ContainsKey(address.LinkIndex) && IsLasting(address.Flags)
               let link = names[address.LinkIndex]
               where !known[link].Contains(address.ToString())
               select (link, address),
        ];
    }

    /// <summary>Links of the mesh that zebra knows, though they are neither in the kernel nor to come.</summary>
    /// <param name="configured">What zebra runs; null where that is not known.</param>
    internal static IEnumerable<string> Gone(IEnumerable<LinkInfo> links, IEnumerable<string> known, string? configured)
    {
        if (configured is null) return [];
        var wanted = ConfigLines.Parse(configured).Select(l => l.Text).ToHashSet();
        return known.Where(NodeId.IsLinkName).Except(links.Select(l => l.Name)).Where(name => !wanted.Contains($"interface {name}"));
    }

    private async Task HearAsync(RouteMonitor monitor, CancellationToken ct)
    {
        await foreach (var change in monitor.ReadAllAsync(ct))
            if (change is not AddressEvent { Deleted: true }) _changed = true;
    }

    private async Task LookAsync(RouteNetlink netlink, CancellationToken ct)
    {
        if (current().Daemons.FirstOrDefault(d => d.Name == FrrDaemon.Zebra.Name) is not { Pid: var zebra }) return;
        if (zebra == _zebra && !_changed && !_tries.AnyDue) return;
        _changed = false;
        try
        {
            var known = ZebraInterfaces.Parse(await vty.AskAsync(FrrDaemon.Zebra, _patience, ct, "show interface json"));
            var links = netlink.GetLinks();
            var missing = Missing(links, netlink.GetAddresses(), known);
            _tries.Keep(zebra == _zebra ? missing.Select(Key).ToHashSet() : ImmutableHashSet<(string, string)>.Empty);
            foreach (var one in missing.Where(m => _tries.IsDue(Key(m)))) TellAgain(netlink, one);
            _zebra = zebra;
            foreach (var link in Gone(links, known.Keys, applied()?.Zebra)) await ForgetAsync(link, ct);
        }
        catch (Exception e) when (e is RoutingException or JsonException or NetlinkException)
        {
            LogNotSeen(e.Message); // zebra is busy or ending, or links are made so quickly that no dump ends
            _changed = true;
        }
    }

    /// <summary>By whoever takes zebra's lines. What cannot be forgotten costs a little memory.</summary>
    private async Task ForgetAsync(string link, CancellationToken ct)
    {
        try
        {
            await vty.AskAsync(taker(), _patience, ct, "enable", "configure terminal", $"no interface {link}");
        }
        catch (RoutingException e)
        {
            LogNotForgotten(link, e.Message);
        }
    }

    private static (string Link, string Address) Key((string Link, AddressInfo Address) missing) => (missing.Link, missing.Address.ToString());

    /// <summary>The kernel's announcement is heard here too, so that the next look sees whether it helped.</summary>
    private void TellAgain(RouteNetlink netlink, (string Link, AddressInfo Address) missing)
    {
        _tries.Tried(Key(missing));
        try
        {
            netlink.ReplaceAddress(missing.Address);
            LogToldAgain(missing.Address, missing.Link);
        }
        catch (NetlinkException e)
        {
            LogNotTold(missing.Address, missing.Link, e.Message); // the link has gone, or comes back with an announcement of its own
        }
    }

    private static bool IsLasting(AddressFlags flags) =>
        flags.HasFlag(AddressFlags.Permanent) && (flags & (AddressFlags.Tentative | AddressFlags.DadFailed)) == AddressFlags.None;

    [LoggerMessage(LogLevel.Warning, "zebra missed {Address} on {Link}, and was told again")]
    private partial void LogToldAgain(AddressInfo address, string link);

    [LoggerMessage(LogLevel.Warning, "zebra missed {Address} on {Link}, and cannot be told: {Reason}")]
    private partial void LogNotTold(AddressInfo address, string link, string reason);

    [LoggerMessage(LogLevel.Debug, "zebra keeps {Link}, which is gone: {Reason}")]
    private partial void LogNotForgotten(string link, string reason);

    [LoggerMessage(LogLevel.Debug, "Whether zebra knows all addresses cannot be seen now: {Reason}")]
    private partial void LogNotSeen(string reason);
}
