using System.Net;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>What tests of announcement sources do with a mesh and see of it.</summary>
internal static class SourceBed
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task GrantAsync(this LabMesh mesh, int node, string prefix, int maxLength, CancellationToken ct) =>
        mesh.Controller.GrantAsync(node, prefix, ["--max-length", $"{maxLength}"], ct);

    /// <summary><c>ip</c> on the node.</summary>
    public static async Task IpAsync(this LabNode node, string arguments, CancellationToken ct) => (await node.Machine.RunAsync("ip", arguments.Split(' '), ct)).Checked();

    /// <summary>Many lines for <c>ip</c> at once.</summary>
    public static async Task IpBatchAsync(this LabNode node, IEnumerable<string> lines, CancellationToken ct) =>
        (await node.Machine.RunAsync("ip", ["-batch", "-"], string.Join('\n', lines) + "\n", ct)).Checked();

    /// <inheritdoc cref="MeshWaits.RoutedAsync"/>
    public static Task<TimeSpan> RoutedAsync(this LabNode node, bool isThere, params IEnumerable<string> prefixes) => node.RoutedAsync(isThere, Patience, prefixes);

    /// <summary>Waits until the source's line of `status` is this.</summary>
    public static Task SaysAsync(this LabNode node, string source, string status, CancellationToken ct) => Until.NothingIsMissingAsync($"{source} says \"{status}\"", Patience, async () =>
    {
        var said = await node.SourceAsync(source, ct);
        return said == status ? null : $"it says \"{said}\"";
    }, ct);

    public static async Task<string?> SourceAsync(this LabNode node, string source, CancellationToken ct)
    {
        using var status = JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], ct)).Output);
        return status.RootElement.GetProperty("announcementSources").EnumerateArray()
            .Where(one => one.GetProperty("name").GetString() == source).Select(one => one.GetProperty("status").GetString()).FirstOrDefault();
    }

    /// <summary>Kills the agent, and waits until another is there.</summary>
    public static async Task AgentAnewAsync(this LabNode node, CancellationToken ct)
    {
        var killed = node.Kill("agent");
        await Until.NothingIsMissingAsync("the agent is back", Patience, async () =>
            node.Find("agent") is { } now && now != killed && (await node.MeshoverAsync(["announcements"], ct)).ExitCode == 0 ? null : "no agent", ct);
    }

    /// <summary>Who asks for each prefix that is to be announced.</summary>
    public static async Task<IReadOnlyDictionary<string, string[]>> AskedAsync(this LabNode node, CancellationToken ct)
    {
        using var status = JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], ct)).Output);
        return status.RootElement.GetProperty("announcements").EnumerateArray().ToDictionary(
            one => one.GetProperty("prefix").GetString()!, one => one.GetProperty("sources").EnumerateArray().Select(source => source.GetString()!).ToArray());
    }

    /// <summary>Ends the monitor, and fails where one of the prefixes went away while it watched.</summary>
    public static async Task NeverGoneAsync(this RouteMonitor monitor, CancellationToken ct, params string[] prefixes)
    {
        monitor.Dispose();
        var kept = prefixes.Select(IPNetwork.Parse).ToHashSet();
        await foreach (var change in monitor.ReadAllAsync(ct))
            Assert.False(change is RouteChangeEvent { Deleted: true } route && kept.Contains(route.Route.Destination), $"{(change as RouteChangeEvent)?.Route.Destination} went away meanwhile");
    }

    /// <summary>Ends the monitor, and counts what became of prefixes within this one while it watched.</summary>
    public static async Task<int> ChangesWithinAsync(this RouteMonitor monitor, string prefix, CancellationToken ct)
    {
        monitor.Dispose();
        var within = IPNetwork.Parse(prefix);
        var count = 0;
        await foreach (var change in monitor.ReadAllAsync(ct)) count += change is RouteChangeEvent route && within.Contains(route.Route.Destination.BaseAddress) ? 1 : 0;
        return count;
    }
}
