using Meshover.Agent.Reconciling.Dataplane;

namespace Meshover.Bench.Kernel;

/// <summary>
/// The kernel's data plane: what its links carry, how long it takes to program, and what an agent costs that has nothing to do. It
/// needs a kernel with WireGuard and GRE.
/// </summary>
internal static class KernelBench
{
    public static async Task<IReadOnlyList<Measurement>> RunAsync(BenchOptions options, TextWriter progress, CancellationToken ct)
    {
        bool Wants(string name) => options.Subjects.Count == 0 || options.Subjects.Contains(name, StringComparer.Ordinal);
        // Also loads the modules, so that the first round does not.
        if (KernelCapability.WhyNot() is { } reason)
            throw new InvalidOperationException(reason);
        var directory = Directory.CreateTempSubdirectory("meshover-bench-").FullName;
        try
        {
            var results = new List<Measurement>();
            if (Wants("tunnels"))
                results.AddRange(await TunnelsBench.RunAsync(directory, options, progress, ct));
            if (Wants("programming"))
                results.AddRange(await new ProgrammingBench(directory, options.Peers, progress).RunAsync(options.Rounds, ct));
            if (Wants("agent"))
                results.AddRange(await new AgentBench(options.Peers - 1, options.Members, progress).RunAsync(options.Rounds, ct));
            return results;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
