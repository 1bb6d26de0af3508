using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Tells zebra again of addresses that it missed. zebra 8.4 hears of links and of addresses on two sockets, read by two threads; an address
/// that overtakes its link, as happens while zebra starts or is busy, is dropped without a word. A link without its link-local address
/// gets no router advertisement out, so BGP never comes up on it. To set an address that is there makes the kernel announce it anew.
/// <para>
/// Looks after zebra's start and after addresses were set, once a second at most: some 1 kB from zebra for each link.
/// </para>
/// </summary>
internal sealed partial class AddressKeeper(VtyshRunner vtysh, Func<IEnumerable<FrrDaemonStatus>> running, TimeProvider time, ILogger logger)
{
    private const int MostTries = 5;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(string Link, string Address), int> _tries = [];
    private int _zebra;
    private volatile bool _changed;

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            using var netlink = new RouteNetlink();
            using var monitor = new RouteMonitor(new RouteMonitorOptions { Links = false, Routes = false, Rules = false, Neighbours = false });
            var heard = HearAsync(monitor, ct);
            using var timer = new PeriodicTimer(_interval, time);
            while (!heard.IsCompleted && await timer.WaitForNextTickAsync(ct)) await LookAsync(netlink, ct);
            await heard;
        }
        catch (NetlinkException e)
        {
            LogBlind(e.Message);
        }
    }

    /// <summary>Addresses of the mesh's links in the kernel that zebra does not know; of links that it does not know either, none.</summary>
    internal static ImmutableArray<(string Link, AddressInfo Address)> Missing(
        IEnumerable<LinkInfo> links, IEnumerable<AddressInfo> addresses, IReadOnlyDictionary<string, ImmutableHashSet<string>> known)
    {
        var names = links.Where(l => NodeSettings.Default.IsOwnInterface(l.Name) && known.ContainsKey(l.Name))
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

    private async Task HearAsync(RouteMonitor monitor, CancellationToken ct)
    {
        await foreach (var change in monitor.ReadAllAsync(ct))
            if (change is not AddressEvent { Deleted: true }) _changed = true;
    }

    private async Task LookAsync(RouteNetlink netlink, CancellationToken ct)
    {
        if (running().FirstOrDefault(d => d.Name == FrrDaemon.Zebra.Name) is not { Pid: var zebra }) return;
        if (zebra != _zebra) _tries.Clear();
        if (zebra == _zebra && !_changed) return;
        _changed = false;
        try
        {
            var known = ZebraInterfaces.Parse(await vtysh.RunAsync(["show interface json"], ct));
            foreach (var (link, address) in Missing(netlink.GetLinks(), netlink.GetAddresses(), known)) TellAgain(netlink, link, address);
            _zebra = zebra;
        }
        catch (Exception e) when (e is RoutingException or JsonException)
        {
            _changed = true; // zebra is busy or ending; the next look asks again
        }
    }

    /// <summary>The kernel's announcement is heard here too, so that the next look sees whether it helped.</summary>
    private void TellAgain(RouteNetlink netlink, string link, AddressInfo address)
    {
        var tries = _tries[(link, address.ToString())] = _tries.GetValueOrDefault((link, address.ToString())) + 1;
        if (tries > MostTries) return;
        try
        {
            netlink.ReplaceAddress(address);
            LogToldAgain(address, link);
        }
        catch (NetlinkException e)
        {
            LogNotTold(address, link, e.Message); // the link has gone, or comes back with an announcement of its own
        }
    }

    private static bool IsLasting(AddressFlags flags) =>
        flags.HasFlag(AddressFlags.Permanent) && (flags & (AddressFlags.Tentative | AddressFlags.DadFailed)) == AddressFlags.None;

    [LoggerMessage(LogLevel.Warning, "zebra missed {Address} on {Link}, and was told again")]
    private partial void LogToldAgain(AddressInfo address, string link);

    [LoggerMessage(LogLevel.Warning, "zebra missed {Address} on {Link}, and cannot be told: {Reason}")]
    private partial void LogNotTold(AddressInfo address, string link, string reason);

    [LoggerMessage(LogLevel.Error, "Whether zebra knows all addresses cannot be seen: {Reason}")]
    private partial void LogBlind(string reason);
}
