using Meshover.Mesh.Findings;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>
/// When started daemons are ready: each has its socket before it reads its file, but answers only when it has read the file, which takes
/// bgpd minutes where there are many hundred neighbours.
/// </summary>
internal sealed class ReadyCheck(VtySocket vty, FrrFiles files)
{
    /// <exception cref="RoutingException">One ended meanwhile, or did not answer in time.</exception>
    public async Task WaitAsync(FrrProcesses running, FrrConfig config, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var patience = Patience.For($"{config.Zebra}{config.Bgpd}{config.Bfdd}");
        Task answered = Task.WhenAll(FrrDaemon.AnyRelease.Where(d => running.Daemons.ContainsKey(d.Name)).Select(d => vty.WaitForAnswerAsync(d, patience, stop.Token)));
        var first = await Task.WhenAny(answered, running.Ended);
        await stop.CancelAsync();
        await answered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        if (first != answered) throw new RoutingException(EndedText(await running.Ended)) { Kind = FindingKinds.FrrRestarting };
        await answered;
    }

    private string EndedText(string name)
    {
        var daemon = FrrDaemon.Named(name);
        return $"{name} ended while reading its configuration: {files.LastLogLine(daemon)} (its log is {files.Log(daemon)})";
    }
}
