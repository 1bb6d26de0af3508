using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Vtysh;

/// <summary>
/// Whether FRR knows each line of a configuration, asked of its shell alone: nothing runs, and nobody hears of it. Not root's alone. What only a
/// daemon finds wrong (a prefix-list whose lengths contradict each other, say) is not found.
/// </summary>
public static class DryRun
{
    /// <returns>What FRR says against it; null: nothing.</returns>
    /// <exception cref="RoutingException">FRR's shell cannot be run; it has a cause.</exception>
    public static async Task<string?> RefusalAsync(FrrConfig config, RoutingOptions options, TimeProvider time, CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("meshover-frr-").FullName;
        try
        {
            var own = options with { FrrDirectory = directory };
            Directory.CreateDirectory(own.FrrConfigurations);
            await File.WriteAllTextAsync(Path.Combine(own.FrrConfigurations, "vtysh.conf"), "", ct);
            var vtysh = new VtyshRunner(new FrrInstallation(own), time);
            foreach (var daemon in FrrDaemon.All) await vtysh.CheckAsync(daemon.Name, daemon.Text(config), home: null, ct);
            return null;
        }
        catch (RoutingException e) when (e.InnerException is null)
        {
            return e.Message;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
