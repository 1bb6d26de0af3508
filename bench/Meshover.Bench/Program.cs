using Meshover.Bench;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.WireGuard.Control;

// meshover-bench mesh|dataplane [--json FILE] [--rounds N] [--seconds N]
// mesh: the whole mesh in the lab. dataplane: the data plane beside Debian's wireguard-go: two namespaces over a veth pair, both engines up at once, measured in turns, so that
// whatever else the machine does hits them alike. Needs root.
if (BenchOptions.TryParse(args, out var options, out var fault) is false)
{
    await Console.Error.WriteLineAsync(fault);
    return 2;
}
try
{
    var results = options.Name == "mesh"
        ? await new MeshBench(options.Rounds, Console.Error).RunAsync(CancellationToken.None)
        : await DataplaneAsync(options);
    Report.WriteTable(results);
    if (options.JsonPath is { } path)
        await Report.WriteJsonAsync(results, path);
    return 0;
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or DataplaneException
    or NetworkNamespaceException or LabException)
{
    await Console.Error.WriteLineAsync($"meshover-bench: {e.Message} (It needs root, and wireguard-go, wireguard-tools and iperf3.)");
    return 1;
}

static async Task<IReadOnlyList<Measurement>> DataplaneAsync(BenchOptions options)
{
    await using var bed = await TestBed.CreateAsync();
    return await Measurements.RunAsync(bed, options, Console.Error);
}
