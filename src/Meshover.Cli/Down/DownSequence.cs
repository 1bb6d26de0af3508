using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.Announcing.Speakers;
using Meshover.Agent.Events;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Cli.Announcing;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;
using Meshover.Linux.Netlink;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Down;

/// <summary>
/// The steps of `down`: 1. the daemons end, and nothing starts them again, 2. FRR and the data plane's devices go, 3. the kernel is put
/// back, 4. our files go. Each step is done whether or not the one before found anything, as any daemon may be dead already; a step that
/// fails does not keep the others from being tried.
/// </summary>
internal sealed class DownSequence(NodePaths paths, INodeServices services, TimeProvider time, Action<string> say)
{
    private readonly List<Exception> _failures = [];

    /// <exception cref="AggregateException">Steps that failed; `down` can be run again.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await TryAsync(() => StopDrain.RunAsync(paths, cancellationToken));
        await TryAsync(() => services.StopAsync(cancellationToken));
        await TryAsync(() => StopFrrAsync(cancellationToken));
        await TryAsync(() => StopDataplaneAsync(cancellationToken));
        Try(RemoveLinks);
        await TryAsync(() => UndoKernelAsync(cancellationToken));
        await TryAsync(() => new SystemFrrSwitch(paths, time).PutBackAsync(cancellationToken));
        Try(RemoveConfig);
        Try(RemoveFiles);
        if (_failures.Count > 0)
            throw new AggregateException(_failures);
    }

    private async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failures.Add(e);
        }
    }

    private void Try(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            _failures.Add(e);
        }
    }

    private async Task StopFrrAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new RoutingClient(paths.RoutingSocket).StopAsync(cancellationToken);
        }
        catch (RoutingException)
        {
            // Nobody there: FRR may run all the same.
            await FrrRemnants.StopAsync(paths.ToRoutingOptions(), time, cancellationToken);
        }
    }

    private async Task StopDataplaneAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new DataplaneClient(paths.DataplaneSocket).StopAsync(teardown: true, cancellationToken);
        }
        catch (DataplaneException)
        {
            // Nobody there: its devices are removed in the next step.
        }
    }

    private static void RemoveLinks()
    {
        using var netlink = new RouteNetlink();
        LinkRemover.RemoveAll(netlink);
    }

    /// <summary>Addresses, routes, rules, sysctls and nftables, from the marks that they carry and what was remembered of the sysctls.</summary>
    private async Task UndoKernelAsync(CancellationToken cancellationToken)
    {
        using var kernel = new KernelReconciler(new KernelReconcilerOptions { StateDirectory = paths.StateDirectory });
        var report = await kernel.UndoAsync(cancellationToken);
        foreach (var note in report.Notes)
            say(note);
        _failures.AddRange(report.Errors.Select(error => new CliException($"Not everything could be put back: {error}")));
    }

    /// <summary>
    /// A file that somebody has changed is his. What `up` wrote goes into the identity, for the next `up`; only now, as until now the
    /// agent wrote that file.
    /// </summary>
    private void RemoveConfig()
    {
        if (!File.Exists(paths.ConfigFile))
            return;
        var text = File.ReadAllText(paths.ConfigFile);
        if (!AgentYaml.IsOurs(text))
        {
            say($"{paths.ConfigFile} is your own and stays.");
            return;
        }
        var store = new IdentityStore(paths.StateDirectory);
        if (store.Load() is { } identity)
            store.Update(newest => (newest ?? identity) with { Settings = text });
        File.Delete(paths.ConfigFile);
        RuntimeFiles.RemoveIfEmpty(Path.GetDirectoryName(paths.ConfigFile));
    }

    private void RemoveFiles()
    {
        RuntimeFiles.Delete(paths.MapFile);
        new EventFile(paths.StateDirectory).Delete();
        RuntimeFiles.Delete(new SpeakerFile(paths.StateDirectory).FilePath);
        RuntimeFiles.Delete(new ProviderFile(paths.StateDirectory).FilePath);
        RuntimeFiles.Delete(new LinkFile(paths.StateDirectory).FilePath);
        RuntimeFiles.Delete(paths.TimestampFile);
        RuntimeFiles.DeleteHalfWritten(paths.IdentityFile);
        RuntimeFiles.Delete(IdentityStore.LockFileOf(paths.IdentityFile));
        RuntimeFiles.DeleteHalfWritten(paths.SysctlFile);
        RuntimeFiles.Remove(paths);
    }
}
