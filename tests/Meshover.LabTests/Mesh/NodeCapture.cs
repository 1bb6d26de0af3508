using System.Globalization;
using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>What `meshover capture` of a node writes, as tcpdump reads it.</summary>
internal static class NodeCapture
{
    public const string Packets = "/run/packets.pcapng";

    /// <summary>What was captured while packets went to addresses, a line each.</summary>
    /// <param name="node">That captures, and pings.</param>
    /// <param name="options">Of `capture`; it must end by itself.</param>
    /// <param name="pinged">Again and again, until it has ended.</param>
    /// <param name="patience">For its beginning.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<string[]> RunAsync(LabNode node, string[] options, string[] pinged, TimeSpan patience, CancellationToken ct)
    {
        var capture = node.MeshoverAsync(["capture", "--output", Packets, .. options], ct);
        await Until.NothingIsMissingAsync("it captures", patience, () => Task.FromResult(capture.IsCompleted || File.Exists(node.Machine.Disk(Packets)) ? null : "no file"), ct);
        while (!capture.IsCompleted)
        {
            foreach (var target in pinged)
                await node.Machine.RunAsync("ping", ["-c", "1", "-W", "1", target], ct);
        }
        (await capture).Checked();
        var lines = await ReadAsync(node, ct);
        (await node.Machine.RunAsync("rm", [Packets], ct)).Checked();
        var count = Array.IndexOf(options, "-c") is >= 0 and var at ? int.Parse(options[at + 1], CultureInfo.InvariantCulture) : lines.Length;
        Assert.Equal(count, lines.Length);
        return lines;
    }

    public static async Task<string[]> ReadAsync(LabNode node, CancellationToken ct) =>
        (await node.Machine.RunAsync("tcpdump", ["-n", "-r", Packets], ct)).Checked().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
