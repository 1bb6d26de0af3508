using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Meshover.Lab.Machines;
using Meshover.UnitTests.Routing;

namespace Meshover.LabTests.Routing;

/// <summary>
/// Four nodes, full mesh; 1 is the transit node. Made once for all tests of a collection, each of which leaves it as it found it.
/// </summary>
public partial class FrrMesh : IAsyncLifetime
{
    public FrrMesh()
        : this(_ => null)
    {
    }

    /// <param name="systemOf">Whose FRR a node runs, by its number; null: this machine's.</param>
    protected FrrMesh(Func<int, string?> systemOf) =>
        Nodes = [.. Enumerable.Range(1, Count).Select(i => new FrrNode((uint)i, Models.Node((uint)i, Count, 1), systemOf(i)))];

    internal const int Count = 4;

    internal FrrNode[] Nodes { get; }

    internal FrrNode Node(int id) => Nodes[id - 1];

    public virtual async ValueTask InitializeAsync()
    {
        for (var i = 0; i < Count; i++)
            for (var j = i + 1; j < Count; j++) FrrNode.Connect(Nodes[i], Nodes[j]);
        await Task.WhenAll(Nodes.Select(n => n.StartSupervisorAsync()));
        await Task.WhenAll(Nodes.Select(n => n.ApplyAsync()));
        await WholeAsync();
    }

    public virtual ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) node.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>All sessions up and all tables full.</summary>
    internal async Task WholeAsync()
    {
        foreach (var node in Nodes)
        {
            await Until.TrueAsync($"{node.Name} has {Count - 1} sessions", TimeSpan.FromSeconds(60), () => node.HasSessionsAsync(Count - 1));
            await Until.TrueAsync($"{node.Name} has all routes", TimeSpan.FromSeconds(30), () => node.BgpRoutes().Count == 4 * (Count - 1));
        }
    }

    /// <summary>Packets lost from one workload to another at 20 a second while something happens, and until the time is over.</summary>
    internal static async Task<int> LostAsync(FrrNode from, FrrNode to, int seconds, Func<Task> happens)
    {
        using var ping = Process.Start(new ProcessStartInfo("ip", $"netns exec {from.WorkloadName} ping -q -i 0.05 -c {seconds * 20} -W 1 10.64.{to.Id}.2") { UseShellExecute = false, RedirectStandardOutput = true })!;
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await happens();
        var said = Counts().Match(await ping.StandardOutput.ReadToEndAsync());
        Assert.True(said.Success, "ping says its counts");
        return Number(said, "sent") - Number(said, "received");
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("(?<sent>[0-9]+) packets transmitted, (?<received>[0-9]+) received", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Counts();
}

/// <summary>All with FRR 10.3, Debian 13's.</summary>
public sealed class Frr10Mesh() : FrrMesh(_ => OtherSystem.WithFrr(Release))
{
    public const string Release = "10.3";
}

/// <summary>1 and 3 with FRR 8.4, 2 and 4 with 10.3.</summary>
public sealed class MixedFrrMesh() : FrrMesh(number => OtherSystem.WithFrr(number % 2 == 0 ? Frr10Mesh.Release : Older))
{
    private const string Older = "8.4";
}

[CollectionDefinition(Name)]
public sealed class Frr10MeshCollection : ICollectionFixture<Frr10Mesh>
{
    public const string Name = "routing mesh of FRR 10";
}

[CollectionDefinition(Name)]
public sealed class FrrMeshCollection : ICollectionFixture<FrrMesh>
{
    public const string Name = "routing mesh";
}
