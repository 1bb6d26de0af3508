using System.Net;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.LabTests.Linux;

public sealed class RouteMonitorTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private readonly TestNamespace _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task ReadAll_LinkAddressRouteAndRule_AreHeardInOrder()
    {
        using var monitor = RouteMonitor.OpenIn(_here.Path, new RouteMonitorOptions { IgnoredRouteProtocols = [RouteProtocols.Bgp] });
        _here.Netlink.CreateLink(LinkSpec.Bridge("br0"));
        _here.Netlink.ReplaceAddress("br0", IPAddress.Parse("10.0.0.1"), 32);
        _here.Netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("10.9.0.0/16"), Kind = RouteKind.Unreachable, Protocol = RouteProtocols.Bgp });
        _here.Netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("10.8.0.0/16"), Kind = RouteKind.Unreachable, Protocol = 112 });
        _here.Netlink.AddRule(new RuleInfo { Family = System.Net.Sockets.AddressFamily.InterNetwork, Priority = 7400, Table = 7401 });
        _here.Netlink.DeleteLink("br0");

        var heard = await ReadUntilAsync(monitor, e => e is LinkEvent { Deleted: true, Link.Name: "br0" });
        Assert.Contains(heard, e => e is LinkEvent { Deleted: false, Link.Name: "br0" });
        Assert.Contains(heard, e => e is AddressEvent { Deleted: false } a && a.Address.PrefixLength == 32);
        Assert.Contains(heard, e => e is RouteChangeEvent { Route.Protocol: 112 });
        Assert.DoesNotContain(heard, e => e is RouteChangeEvent { Route.Protocol: RouteProtocols.Bgp });
        Assert.Contains(heard, e => e is RuleEvent { Rule.Priority: 7400 });
    }

    [Fact]
    public async Task ReadAll_MoreThanTheSocketHolds_EndsWithAResync()
    {
        using var monitor = RouteMonitor.OpenIn(_here.Path, new RouteMonitorOptions { ReceiveBufferBytes = 1, Capacity = 4 });
        for (var i = 0; i < 500; i++)
            _here.Netlink.ReplaceRoute(new RouteInfo { Destination = new IPNetwork(new IPAddress([10, 9, (byte)(i >> 8), (byte)i]), 32), Kind = RouteKind.Unreachable });

        Assert.IsType<ResyncEvent>((await ReadUntilAsync(monitor, e => e is ResyncEvent))[^1]);
    }

    [Fact]
    public async Task Dispose_WhileItWaits_EndsTheReading()
    {
        var monitor = RouteMonitor.OpenIn(_here.Path);
        var reading = ReadUntilAsync(monitor, _ => false);
        monitor.Dispose();
        Assert.Empty(await reading.WaitAsync(Deadline));
    }

    private static async Task<List<RouteEvent>> ReadUntilAsync(RouteMonitor monitor, Predicate<RouteEvent> isLast)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var heard = new List<RouteEvent>();
        await foreach (var change in monitor.ReadAllAsync(deadline.Token))
        {
            heard.Add(change);
            if (isLast(change))
                break;
        }

        return heard;
    }
}
