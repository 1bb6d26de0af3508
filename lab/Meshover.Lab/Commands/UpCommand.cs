using System.Text.Json;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;

namespace Meshover.Lab.Commands;

/// <summary><c>meshover-lab up</c>: brings a mesh up, shows it, and stays until it is told to end.</summary>
internal sealed class UpCommand(UpOptions options, TimeProvider time)
{
    private readonly ConsoleProgress _progress = new(time);

    /// <returns>The exit status: 1 where a check failed.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var mesh = await LabMesh.StartAsync(options.Lab, time, _progress, ct, options.Keep);
        var keep = options.Detach;
        try
        {
            _progress.Step("every pair is reachable");
            using var checker = await mesh.CheckerAsync(ct);
            var verdict = options.Check || options.Json ? await CheckAsync(checker, ct) : null;
            if (options.Json) Console.WriteLine(JsonSerializer.Serialize(verdict!, LabJson.Default.LabVerdict));
            else await PrintAsync(mesh, checker, ct);
            if (!options.Detach && !options.Check) await StayAsync(mesh, ct);
            else if (options.Detach && !options.Json) Console.WriteLine("\nThe web console: ./dev console");
            return verdict is { Ok: false } ? 1 : 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            keep = false;
            throw;
        }
        finally
        {
            if (!keep) await mesh.DisposeAsync();
        }
    }

    private async Task<LabVerdict> CheckAsync(ReachChecker checker, CancellationToken ct)
    {
        var pairs = await checker.CheckAsync(ct);
        foreach (var pair in pairs) (options.Json ? Console.Error : Console.Out).WriteLine(pair);
        var failed = pairs.Count(pair => !pair.Ok);
        _progress.Step(failed == 0 ? $"all {pairs.Count} checks passed" : $"{failed} of {pairs.Count} checks FAILED");
        return new LabVerdict(failed == 0, pairs);
    }

    private static async Task PrintAsync(LabMesh mesh, ReachChecker checker, CancellationToken ct)
    {
        var nodes = await Task.WhenAll(mesh.Nodes.Select(node => node.StatusAsync(ct)));
        Console.WriteLine();
        Console.Write(MeshReport.Render(nodes, await checker.PingAsync(ct)));
    }

    private async Task StayAsync(LabMesh mesh, CancellationToken ct)
    {
        using var door = ConsoleDoor.Open(mesh.Controller.Machine);
        _progress.Step($"the web console, by a link that signs in once: {await door.LinkAsync(ct)}");
        _progress.Step("up. Try `./dev exec n1 meshover status` or `./dev exec w1 ping 10.64.2.2` in another terminal. Ctrl-C ends the lab.");
        await door.ServeAsync(ct);
    }
}
