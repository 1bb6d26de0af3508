using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.WireGuard;

/// <summary>Some namespaces on one segment: the underlay of a test. Number i has 10.77.0.i and fd77::i.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private const string Segment = "br0", Uplink = "eth0";

    private static int _wires;

    private readonly string _prefix = $"t-pipeline-{Environment.ProcessId}-{Interlocked.Increment(ref _wires)}";

    private Wire(int ends) => Ends = ends;

    public int Ends { get; }

    /// <summary>By netlink alone: where starting a program takes long, most of a test would be the making of its wire.</summary>
    public static Task<Wire> CreateAsync(int ends)
    {
        var wire = new Wire(ends);
        NetworkNamespace.Create(wire.Name(0));
        using var segment = RouteNetlink.OpenIn(NetworkNamespace.PathOf(wire.Name(0)));
        segment.CreateLink(LinkSpec.Bridge(Segment));
        segment.SetUp(Segment);
        for (var end = 1; end <= ends; end++)
            wire.Add(segment, end);
        return Task.FromResult(wire);
    }

    /// <summary>Namespace of an end; 0 is the segment itself.</summary>
    public string Name(int end) => $"{_prefix}-{end}";

    public static IPAddress Address(int end, bool v6 = false) => IPAddress.Parse(v6 ? $"fd77::{end}" : $"10.77.0.{end}");

    public Task<string> IpAsync(int end, params string[] arguments) => Ip(["-n", Name(end), .. arguments]);

    public Task<string> RunAsync(int end, params string[] command) => Shell.RunAsync("ip", ["netns", "exec", Name(end), .. command]);

    public Task<(int ExitCode, string Output)> TryRunAsync(int end, params string[] command) =>
        Shell.TryRunAsync("ip", ["netns", "exec", Name(end), .. command]);

    /// <summary>Gives an end more addresses, from 10.77.0.100 on.</summary>
    public IReadOnlyList<IPAddress> AddAddresses(int end, int count)
    {
        using var netlink = RouteNetlink.OpenIn(NetworkNamespace.PathOf(Name(end)));
        List<IPAddress> addresses = [.. Enumerable.Range(100, count).Select(number => Address(number))];
        addresses.ForEach(address => netlink.ReplaceAddress(Uplink, address, 24));
        return addresses;
    }

    /// <summary>Runs something in the namespace of an end; sockets and threads made there stay there.</summary>
    public T In<T>(int end, Func<T> function) => NetworkNamespace.RunIn(NetworkNamespace.PathOf(Name(end)), function);

    public Socket NewSocket(int end, AddressFamily family, SocketType type) =>
        In(end, () => new Socket(family, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp));

    /// <summary>Makes sockets in the namespace of an end.</summary>
    public NewSocket Sockets(int end) => (family, type) => NewSocket(end, family, type);

    /// <summary>Waits until an address answers; returns how long that took. Fails at the deadline.</summary>
    public async Task<TimeSpan> WaitForPingAsync(int end, string address, TimeSpan deadline)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (exitCode, output) = await TryRunAsync(end, "ping", "-n", "-c", "1", "-i", "0.2", "-w", "2", address);
            var elapsed = TimeProvider.System.GetElapsedTime(start);
            if (exitCode == 0)
                return elapsed;
            Assert.True(elapsed < deadline, $"{address} does not answer within {deadline.TotalSeconds} s: {output}");
        }
    }

    /// <summary>How many of the pings to an address were lost.</summary>
    public async Task<int> CountLostAsync(int end, string address, int count, string interval)
    {
        var (_, output) = await TryRunAsync(end, "ping", "-n", "-q", "-c", $"{count}", "-i", interval, "-W", "1", address);
        var words = output.Split(["packets transmitted, ", " received"], StringSplitOptions.None);
        return count - int.Parse(words[1]);
    }

    public ValueTask DisposeAsync()
    {
        for (var end = 0; end <= Ends; end++)
            NetworkNamespace.Delete(Name(end));
        return ValueTask.CompletedTask;
    }

    private void Add(RouteNetlink segment, int end)
    {
        NetworkNamespace.Create(Name(end));
        segment.CreateLink(LinkSpec.Veth($"v{end}", Uplink, NetworkNamespace.PathOf(Name(end))));
        segment.SetLink($"v{end}", new LinkChange { Master = Segment, Up = true });
        using var netlink = RouteNetlink.OpenIn(NetworkNamespace.PathOf(Name(end)));
        netlink.ReplaceAddress(Uplink, Address(end), 24);
        netlink.ReplaceAddress(Uplink, Address(end, v6: true), 64);
        netlink.SetUp(Uplink);
        netlink.SetUp("lo");
    }

    private static Task<string> Ip(params string[] arguments) => Shell.RunAsync("ip", arguments);
}
