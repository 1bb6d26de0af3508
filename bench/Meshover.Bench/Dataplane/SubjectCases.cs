using System.Globalization;
using System.Text.Json;

namespace Meshover.Bench.Dataplane;

/// <summary>One round of every case for one subject.</summary>
internal sealed class SubjectCases(Subject subject, int seconds)
{
    private const int PingCount = 500;

    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(CancellationToken ct)
    {
        async Task AddAsync(string name, string unit, Func<Task<double>> measure)
        {
            ct.ThrowIfCancellationRequested();
            Add(name, unit, await measure());
        }

        var cpu = CpuSeconds();
        var one = await TcpAsync(streams: 1);
        cpu = CpuSeconds() - cpu;
        Add("tcp1", "Gbit/s", one);
        await AddAsync("tcp4", "Gbit/s", () => TcpAsync(streams: 4));
        await AddAsync("bidir", "Gbit/s", BothWaysAsync);
        await AddAsync("pps64", "kpps", () => PacketRateAsync(64));
        await AddAsync("pps512", "kpps", () => PacketRateAsync(512));
        await AddAsync("rtt", "us", () => RttAsync("-c", $"{PingCount}"));
        await AddAsync("rtt-load", "us", LoadedRttAsync);
        if (subject.Engines.Count > 0)
        {
            Add("cpu", "Gbit per CPU-second", one * seconds / Math.Max(cpu, Programs.CpuResolution));
            Add("rss", "MB", subject.Engines.Max(engine => ProcessMemory.ResidentMegabytes(engine.Id)));
        }
        return _results;
    }

    private void Add(string name, string unit, double value) => _results.Add(new Measurement(subject.Name, name, unit, value));

    private async Task<double> TcpAsync(int streams)
    {
        var end = await IperfAsync("-t", $"{seconds}", "-P", $"{streams}");
        return Iperf.Gigabits(end, "sum_received");
    }

    private async Task<double> BothWaysAsync()
    {
        var end = await IperfAsync("-t", $"{seconds}", "--bidir");
        return Iperf.Gigabits(end, "sum_received") + Iperf.Gigabits(end, "sum_received_bidir_reverse");
    }

    // Datagrams as fast as the sender can; what counts is what arrives.
    private async Task<double> PacketRateAsync(int size)
    {
        var sum = (await IperfAsync("-t", $"{seconds}", "-u", "-l", $"{size}", "-b", "0")).GetProperty("sum");
        var arrived = sum.GetProperty("packets").GetDouble() - sum.GetProperty("lost_packets").GetDouble();
        return arrived / sum.GetProperty("seconds").GetDouble() / 1000;
    }

    private async Task<double> LoadedRttAsync()
    {
        var load = IperfAsync("-t", $"{seconds + 1}");
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, CancellationToken.None);
        var rtt = await RttAsync("-w", $"{seconds}");
        await load;
        return rtt;
    }

    // The mean, as ping has it.
    private async Task<double> RttAsync(params string[] limit)
    {
        var output = await Cable.RunAsync(1, ["ping", "-q", "-i", "0.002", .. limit, subject.Address]);
        // rtt min/avg/max/mdev = 0.1/0.2/0.3/0.1 ms, pipe 2
        return double.Parse(output[(output.LastIndexOf("mdev =", StringComparison.Ordinal) + 6)..].Split('/')[1], CultureInfo.InvariantCulture)
            * 1000;
    }

    private Task<JsonElement> IperfAsync(params string[] arguments) => Iperf.RunAsync(Cable.Namespace(1), Cable.Namespace(2), subject.Address, arguments);

    private double CpuSeconds() => subject.Engines.Sum(Programs.CpuSeconds);
}
