using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Holds the lease of announcements that rest on a living agent (docs/decisions/082): while it is not renewed, they are taken back, and their addresses
/// from the interface. It holds on over a restart of this process and of FRR, as what is leased is a part of the configuration that is written down.
/// </summary>
internal sealed partial class LeaseKeeper(FrrSupervisor supervisor, Action<IPAddress> removeAddress, TimeProvider time, ILogger logger)
{
    /// <summary>An agent that is started anew is back sooner, also on a slow machine.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();

    // A start is a renewal: the agent may be on its way, too.
    private long _renewed = time.GetTimestamp();
    private ImmutableArray<string> _lapsed = [];

    private bool IsDue => time.GetElapsedTime(Volatile.Read(ref _renewed)) > Lease;

    /// <summary>The agent lives.</summary>
    public void Hear() => Volatile.Write(ref _renewed, time.GetTimestamp());

    /// <returns>Prefixes that have lapsed since the last time.</returns>
    public ImmutableArray<string> Renew()
    {
        Hear();
        lock (_lock)
        {
            var lapsed = _lapsed;
            _lapsed = [];
            return lapsed;
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await Task.Delay(_lookEvery, time, ct);
            if (supervisor.Applied is { Leased.IsEmpty: false } && IsDue)
                await LapseAsync(ct);
        }
    }

    private async Task LapseAsync(CancellationToken ct)
    {
        try
        {
            if (await supervisor.LapseAsync(() => IsDue, ct) is not { } former) return;
            LogLapsed(string.Join(", ", former.Leased), Lease.TotalSeconds);
            lock (_lock)
                _lapsed = [.. _lapsed.Union(former.Leased)];
            foreach (var address in former.AddressesLeased())
                removeAddress(address);
        }
        catch (Exception e) when (e is RoutingException or NetlinkException)
        {
            LogNotTakenBack(e.Message); // tried again at the next look
        }
    }

    /// <summary>Takes an address of ours from the interface that carries the node's; another's is left alone.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public static void RemoveAddress(IPAddress address)
    {
        using var netlink = new RouteNetlink();
        if (netlink.FindLink(KernelNames.Default.Loopback) is not { } link) return;
        var all = netlink.GetAddresses(link.Index);
        // Before Linux 5.18 an address has no protocol: then all on this interface, which is ours, are ours.
        var knows = link.Name == "lo" || all.Any(seen => seen.Protocol == KernelNames.Default.Protocol);
        foreach (var ours in all.Where(seen => seen.Address.Equals(address) && (!knows || seen.Protocol == KernelNames.Default.Protocol)))
            netlink.DeleteAddress(ours);
    }

    [LoggerMessage(LogLevel.Warning, "the agent has not renewed its lease for {Seconds} s: {Prefixes} are announced no more")]
    private partial void LogLapsed(string prefixes, double seconds);

    [LoggerMessage(LogLevel.Error, "announcements whose lease has lapsed could not be taken back: {Reason}; trying again")]
    private partial void LogNotTakenBack(string reason);
}
