using System.Text.Json;
using Meshover.Bench.Dataplane;

namespace Meshover.Bench;

/// <summary>iperf3 between two network namespaces.</summary>
internal static class Iperf
{
    private const string Port = "5201";

    /// <summary>What it says at its end, with the sums (<c>end</c> of its JSON).</summary>
    /// <param name="from">The namespace whose iperf3 connects, and sends unless the arguments say otherwise.</param>
    /// <param name="to">The namespace in which one listens, for this once.</param>
    public static async Task<JsonElement> RunAsync(string from, string to, string address, params string[] arguments)
    {
        var server = Programs.RunInAsync(to, "iperf3", "-s", "-1");
        await Cable.WaitForAsync(async () => (await Programs.RunInAsync(to, "ss", "-Hltn", "sport", "=", Port)).Length > 0, "iperf3's server");
        var output = await Programs.RunInAsync(from, "iperf3", ["-J", "-c", address, .. arguments]);
        await server;
        return JsonDocument.Parse(output).RootElement.GetProperty("end");
    }

    /// <summary>Of a sum of its end, in Gbit/s.</summary>
    public static double Gigabits(JsonElement end, string sum) => end.GetProperty(sum).GetProperty("bits_per_second").GetDouble() / 1e9;
}
