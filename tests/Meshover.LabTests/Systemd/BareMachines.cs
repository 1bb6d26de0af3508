using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;

namespace Meshover.LabTests.Systemd;

/// <summary>
/// A controller and two nodes on machines with a Debian's systemd, network tools and apt and nothing else, handled by the README's commands and
/// by no other: whatever those need, the packages bring along. Packages lie in root's home, and Debian's own in apt's cache.
/// </summary>
internal sealed class BareMachines : IAsyncDisposable
{
    private const string Debian12 = "bare-12", Debian13 = "bare-13", Home = "/root";

    // As a login gives it: what `dev` sets for the programs of this machine is not there.
    private static readonly string[] AsRoot = ["-i", $"HOME={Home}", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c"];
    private readonly LabMesh _mesh;
    private readonly CancellationToken _ct;

    private BareMachines(LabMesh mesh, CancellationToken ct) => (_mesh, _ct) = (mesh, ct);

    public SystemdMachine Controller { get; private set; } = null!;

    /// <summary>n1 has a Debian 12, n2 a Debian 13.</summary>
    public IReadOnlyList<SystemdMachine> Nodes { get; private set; } = [];

    /// <summary>The nodes' machines, as the lab sees them.</summary>
    public IEnumerable<Machine> Machines => _mesh.Nodes.Select(node => node.Machine);

    /// <param name="release">A number for packages that are as those of this build.</param>
    /// <param name="ct">Ends the waiting.</param>
    public static async Task<BareMachines> BootAsync(string release, CancellationToken ct)
    {
        var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, ct);
        var here = new BareMachines(mesh, ct);
        try
        {
            here.Controller = await SystemdMachine.StartAsync(mesh.Controller.Machine, [], ct, system: Debian13);
            foreach (var (node, system) in mesh.Nodes.Zip((string[])[Debian12, Debian13]))
                here.Nodes = [.. here.Nodes, await SystemdMachine.StartAsync(node.Machine, [], ct, system: system)];
            await here.DeliverAsync(release);
            return here;
        }
        catch
        {
            await here.DisposeAsync();
            throw;
        }
    }

    private async Task DeliverAsync(string release)
    {
        var repacked = Directory.CreateTempSubdirectory("meshover-bare-").FullName;
        try
        {
            foreach (var (name, machines) in new Dictionary<string, SystemdMachine[]> { ["meshover"] = [Controller, .. Nodes], ["meshover-controller"] = [Controller] })
                foreach (var package in (string[])[PackageFiles.Of(name), await PackageFiles.RepackAsync(name, release, repacked, _ct)])
                    foreach (var machine in machines) machine.Put(package, Home);
        }
        finally
        {
            Directory.Delete(repacked, recursive: true);
        }
    }

    /// <summary>Runs a command of the README's as root, in root's home; whatever it asks is answered with yes.</summary>
    /// <returns>Its output.</returns>
    /// <exception cref="LabException">It failed.</exception>
    public async Task<string> RunAsync(SystemdMachine machine, string command)
    {
        TestContext.Current.SendDiagnosticMessage(command);
        var here = command.Replace("_amd64.deb", $"_{PackageFiles.Architecture}.deb", StringComparison.Ordinal);
        return (await machine.RunAsync("env", [.. AsRoot, $"cd && {here}"], _ct, "y\n")).Checked();
    }

    /// <summary>Every workload reaches every other, by ping and a hashed transfer, over IPv4 and IPv6.</summary>
    public async Task AssertWorkloadsReachEachOtherAsync(TimeSpan patience)
    {
        using var checker = new ReachChecker(
            [[.. _mesh.Nodes.Select(node => new ReachPoint(node.Workload, AddressPlan.Workload4(node.Number), AddressPlan.Workload6(node.Number)))]], TimeProvider.System);
        Assert.Empty(await checker.WaitAsync(patience, progress: null, _ct));
        var results = await checker.CheckAsync(_ct);
        Assert.Equal(4, results.Count);
        Assert.All(results, result => Assert.True(result is { Ping: true, Tcp: true }, $"{result}"));
    }

    public async ValueTask DisposeAsync()
    {
        Controller?.Dispose();
        foreach (var node in Nodes) node.Dispose();
        await _mesh.DisposeAsync();
    }
}
