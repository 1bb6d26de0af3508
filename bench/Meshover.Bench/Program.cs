using System.Runtime.InteropServices;
using Grpc.Core;
using Meshover.Bench;
using Meshover.Bench.Dataplane;
using Meshover.Bench.Idle;
using Meshover.Bench.Kernel;
using Meshover.Bench.Mesh;
using Meshover.Bench.Paths;
using Meshover.Bench.Routes;
using Meshover.Bench.Status;
using Meshover.Bench.Streams;
using Meshover.Bench.Viewers;
using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.WireGuard.Control;

// meshover-bench mesh|idle|paths|routing|sources|dataplane|peers|controller|status|console|kernel, with the options that BenchOptions tells.
// mesh: the whole mesh in the lab. idle: what it costs while nothing happens. paths: what a fault, or a change, costs the traffic.
// routing: how soon changes of routing stand in the kernel of the last node. sources: the same of blocks of addresses that come and go.
// dataplane: the data plane beside other userspace tunnels.
// peers: one data plane with a hundred busy peers.
// controller: a controller with up to ten thousand streams. status: what it costs to see the mesh. console: what viewers of the console cost.
// members --members DIRECTORY: no benchmark, but what "kernel" needs done before, on a quicker machine.
// viewers PORT: no benchmark, but the program of "console" that looks.
// kernel: the kernel's data plane beside one made by hand; wants a kernel that has WireGuard and GRE. Needs root.
if (args.Contains("--help"))
{
    Console.WriteLine(BenchOptions.Usage);
    return 0;
}
if (args is ["viewers", var port])
    return await ViewersProgram.RunAsync(port, Console.In, Console.Out, Console.Error);
if (BenchOptions.TryParse(args, out var options, out var fault) is false)
{
    await Console.Error.WriteLineAsync(fault);
    return 2;
}
using var interruption = new CancellationTokenSource();
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = !interruption.IsCancellationRequested; // first what was set up is taken away; who asks again does not want to wait for it
    interruption.Cancel();
}

using var interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminations = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
try
{
    var ct = interruption.Token;
    if (options is { Name: "members", Members: { } directory })
    {
        await new AgentBench(options.Peers - 1, members: null, Console.Error).MembersAsync(directory, ct);
        return 0;
    }
    var results = options.Name switch
    {
        "mesh" => await new MeshBench(options.Rounds, Console.Error).RunAsync(ct),
        "idle" => await new IdleBench(options.Seconds, Console.Error).RunAsync(ct),
        "routing" => await new RoutingBench(options, Console.Error).RunAsync(ct),
        "sources" => await new SourcesBench(options.Rounds, Console.Error).RunAsync(ct),
        "paths" => await new PathsBench(options, Console.Error).RunAsync(ct),
        "peers" => await PeersBench.RunAsync(options, Console.Error, ct),
        "controller" => await new ControllerBench(options, Console.Error).RunAsync(ct),
        "status" => await new StatusBench(options, Console.Error).RunAsync(ct),
        "console" => await new ConsoleBench(options, Console.Error).RunAsync(ct),
        "kernel" => await KernelBench.RunAsync(options, Console.Error, ct),
        _ => await DataplaneBench.RunAsync(options, Console.Error, ct),
    };
    var note = options.Name switch { "controller" => ControllerBench.Note, "status" => StatusBench.Note, "console" => ConsoleBench.Note, _ => "" };
    Report.WriteTable(results, note);
    if (options.JsonPath is { } path)
        await Report.WriteJsonAsync(results, path, note);
    if (options.MarkdownPath is { } document)
        await Report.UpdateDocumentAsync(results, document, options.Name, note);
    return results.Any(one => one.Case == PathsBench.Failures) ? 1 : 0;
}
catch (Exception) when (interruption.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("meshover-bench: interrupted; nothing of it is left.");
    return 130;
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or RpcException or DataplaneException
    or NetworkNamespaceException or NetlinkException or LabException or HttpRequestException or System.Net.WebSockets.WebSocketException)
{
    await Console.Error.WriteLineAsync($"meshover-bench: {e.Message} (It needs root, and what `./dev bench` installs.)");
    return 1;
}
