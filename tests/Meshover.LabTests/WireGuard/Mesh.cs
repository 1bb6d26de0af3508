using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Engines on one segment, each with a link to every other. Between i and j the link has 10.99.0.i, fd99::i and fe80::i on i's side.
/// </summary>
internal sealed class Mesh : IAsyncDisposable
{
    private readonly bool _v6;

    private Mesh(Wire wire, bool v6, OffloadKinds offloads, int workers)
    {
        Wire = wire;
        _v6 = v6;
        Engines = [.. Enumerable.Range(1, wire.Ends).Select(end => new EngineHost(wire, end, offloads: offloads, workers: workers))];
    }

    public Wire Wire { get; }

    /// <summary>Number i is at i - 1.</summary>
    public IReadOnlyList<EngineHost> Engines { get; }

    /// <param name="workers">Of each engine; 0 as the machine has cores for.</param>
    public static async Task<Mesh> CreateAsync(int nodes, bool v6 = false, OffloadKinds offloads = OffloadKinds.All, int workers = 0)
    {
        var mesh = new Mesh(await Wire.CreateAsync(nodes), v6, offloads, workers);
        for (var node = 1; node <= nodes; node++)
        {
            await mesh.Engines[node - 1].ApplyAsync(mesh.Config(node));
            await mesh.AddressLinksAsync(node);
        }
        return mesh;
    }

    public DataplaneConfig Config(int node) =>
        Engines[node - 1].Config([.. Others(node).Select(other => Engines[other - 1].AsPeerOf(node, v6: _v6))]);

    public IEnumerable<int> Others(int node) => Enumerable.Range(1, Engines.Count).Where(other => other != node);

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in Engines)
            await engine.DisposeAsync();
        await Wire.DisposeAsync();
    }

    public async Task AddressLinksAsync(int node)
    {
        foreach (var other in Others(node))
        {
            var link = $"mo-{other:x8}";
            await Wire.IpAsync(node, "addr", "replace", $"10.99.0.{node}", "peer", $"10.99.0.{other}", "dev", link);
            await Wire.IpAsync(node, "addr", "replace", $"fd99::{node}", "peer", $"fd99::{other}", "dev", link, "nodad");
            await Wire.IpAsync(node, "addr", "replace", $"fe80::{node}/64", "dev", link, "nodad");
        }
    }
}
