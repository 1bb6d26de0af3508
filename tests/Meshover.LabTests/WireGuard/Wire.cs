using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Namespaces;

namespace Meshover.LabTests.WireGuard;

/// <summary>Some namespaces on one segment: the underlay of a test. Number i has 10.77.0.i and fd77::i.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private static int _wires;

    private readonly string _prefix = $"t-pipeline-{Environment.ProcessId}-{Interlocked.Increment(ref _wires)}";

    private Wire(int ends) => Ends = ends;

    public int Ends { get; }

    public static async Task<Wire> CreateAsync(int ends)
    {
        var wire = new Wire(ends);
        await Ip("netns", "add", wire.Name(0));
        await Ip("-n", wire.Name(0), "link", "add", "br0", "type", "bridge");
        await Ip("-n", wire.Name(0), "link", "set", "br0", "up");
        for (var end = 1; end <= ends; end++)
            await wire.AddAsync(end);
        return wire;
    }

    /// <summary>Namespace of an end; 0 is the segment itself.</summary>
    public string Name(int end) => $"{_prefix}-{end}";

    public static IPAddress Address(int end, bool v6 = false) => IPAddress.Parse(v6 ? $"fd77::{end}" : $"10.77.0.{end}");

    public Task<string> IpAsync(int end, params string[] arguments) => Ip(["-n", Name(end), .. arguments]);

    public Task<string> RunAsync(int end, params string[] command) => Shell.RunAsync("ip", ["netns", "exec", Name(end), .. command]);

    public Task<(int ExitCode, string Output)> TryRunAsync(int end, params string[] command) =>
        Shell.TryRunAsync("ip", ["netns", "exec", Name(end), .. command]);

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
            var (exitCode, output) = await TryRunAsync(end, "ping", "-n", "-c", "1", "-W", "0.3", address);
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

    public async ValueTask DisposeAsync()
    {
        for (var end = 0; end <= Ends; end++)
            await Shell.TryRunAsync("ip", "netns", "del", Name(end));
    }

    private async Task AddAsync(int end)
    {
        await Ip("netns", "add", Name(end));
        await Ip("link", "add", "eth0", "netns", Name(end), "type", "veth", "peer", "name", $"v{end}", "netns", Name(0));
        await IpAsync(0, "link", "set", $"v{end}", "master", "br0", "up");
        await IpAsync(end, "addr", "add", $"{Address(end)}/24", "dev", "eth0");
        await IpAsync(end, "addr", "add", $"{Address(end, v6: true)}/64", "dev", "eth0", "nodad");
        await IpAsync(end, "link", "set", "eth0", "up");
        await IpAsync(end, "link", "set", "lo", "up");
    }

    private static Task<string> Ip(params string[] arguments) => Shell.RunAsync("ip", arguments);
}
