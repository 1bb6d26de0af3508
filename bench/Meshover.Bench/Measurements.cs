using System.Globalization;
using System.Text.Json;

namespace Meshover.Bench;

/// <summary>One figure of one round.</summary>
internal sealed record Measurement(string Subject, string Case, string Unit, double Value);

/// <summary>The cases, each measured for every subject in turn before the next round.</summary>
internal static class Measurements
{
    private const int PingCount = 500;

    // USER_HZ, which is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    public static async Task<IReadOnlyList<Measurement>> RunAsync(TestBed bed, BenchOptions options, TextWriter progress)
    {
        var results = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var subject in bed.Subjects)
            {
                await progress.WriteLineAsync($"round {round} of {options.Rounds}: {subject.Name}");
                results.AddRange(await MeasureAsync(subject, options.Seconds));
            }
        }
        return results;
    }

    private static async Task<List<Measurement>> MeasureAsync(Subject subject, int seconds)
    {
        var results = new List<Measurement>();
        void Add(string name, string unit, double value) => results.Add(new Measurement(subject.Name, name, unit, value));
        var cpu = CpuSeconds(subject);
        var one = await TcpAsync(subject, streams: 1, seconds);
        Add("tcp1", "Gbit/s", one);
        Add("cpu", "Gbit per CPU-second", one * seconds / Math.Max(CpuSeconds(subject) - cpu, 0.01));
        Add("tcp4", "Gbit/s", await TcpAsync(subject, streams: 4, seconds));
        Add("udp64", "kpps", await UdpAsync(subject, seconds));
        Add("rtt", "us", await RttAsync(subject));
        Add("rss", "MB", subject.Engines.Max(engine => RssMegabytes(engine.Id)));
        return results;
    }

    private static async Task<double> TcpAsync(Subject subject, int streams, int seconds)
    {
        var end = await IperfAsync(subject, "-t", $"{seconds}", "-P", $"{streams}");
        return end.GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e9;
    }

    // Small datagrams as fast as the sender can; what counts is what arrives.
    private static async Task<double> UdpAsync(Subject subject, int seconds)
    {
        var sum = (await IperfAsync(subject, "-t", $"{seconds}", "-u", "-l", "64", "-b", "0")).GetProperty("sum");
        var arrived = sum.GetProperty("packets").GetDouble() - sum.GetProperty("lost_packets").GetDouble();
        return arrived / sum.GetProperty("seconds").GetDouble() / 1000;
    }

    private static async Task<JsonElement> IperfAsync(Subject subject, params string[] arguments)
    {
        var server = TestBed.RunAsync(2, "iperf3", "-s", "-1");
        while ((await TestBed.RunAsync(2, "ss", "-Hltn", "sport", "=", "5201")).Length == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        var output = await TestBed.RunAsync(1, ["iperf3", "-J", "-c", subject.Address, .. arguments]);
        await server;
        return JsonDocument.Parse(output).RootElement.GetProperty("end");
    }

    private static async Task<double> RttAsync(Subject subject)
    {
        var output = await TestBed.RunAsync(1, "ping", "-q", "-i", "0.002", "-c", $"{PingCount}", subject.Address);
        // rtt min/avg/max/mdev = 0.1/0.2/0.3/0.1 ms
        return double.Parse(output[(output.LastIndexOf('=') + 1)..].Split('/')[1], CultureInfo.InvariantCulture) * 1000;
    }

    private static double CpuSeconds(Subject subject) => subject.Engines.Sum(engine =>
    {
        // Behind the name in parentheses: state is field 3; utime and stime are 14 and 15.
        var fields = File.ReadAllText($"/proc/{engine.Id}/stat").Split(") ")[^1].Split(' ');
        return fields[11..13].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
    });

    private static double RssMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
