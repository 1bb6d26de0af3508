using System.Collections.Immutable;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Findings;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>
/// FRR in a container, made anew for each start of FRR from the image that has the name by then. Its first process does nothing but keep it; the
/// daemons are started in it one by one, as this machine's are (docs/decisions/085).
/// </summary>
internal sealed class ContainerBackend(FrrBackendConfig config, IContainerEngine engine, FrrFiles files, TimeProvider time) : IFrrBackend
{
    /// <summary>FRR's daemons change routes, bind ports below 1024 and send raw packets; zebra asks for SYS_ADMIN and ends where it has it not (lib/privs.c).</summary>
    private static readonly ImmutableArray<string> _capabilities = ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SYS_ADMIN"];

    // Where FRR writes of its own accord; and /etc/frr, so that nothing that an image has there is read (docs/decisions/018).
    private static readonly ImmutableArray<string> _temporary = ["/etc/frr", "/tmp", "/var/tmp", "/var/lib/frr"];

    private const string PingGroups = "net.ipv4.ping_group_range";

    /// <summary>FRR is told to open as many files at most.</summary>
    private const int Limit = 4096;

    private static readonly TimeSpan _untilItRuns = TimeSpan.FromSeconds(10);

    /// <summary>Tells this node's containers from others'.</summary>
    private const string NodeLabel = "meshover.frr";

    public async Task<IReadOnlyList<Finding>> FindProblemsAsync(CancellationToken ct)
    {
        try
        {
            await FindImageAsync(ct);
            return [];
        }
        catch (RoutingException e)
        {
            return [new Finding(e.Kind ?? FindingKinds.FrrEngine, config.Name, e.Message)];
        }
    }

    public async Task<IFrrHome> PrepareAsync(CancellationToken ct)
    {
        var image = await FindImageAsync(ct);
        await files.PrepareRootAsync(time, ct);
        Directory.CreateDirectory(files.ContainerRunFrr); // bound into it, before anybody knows whose it is to be
        var name = $"meshover-frr-{Guid.NewGuid():n}"[..^24];
        try
        {
            var container = await RunAsync(name, image, ct);
            return await ContainerHome.EnterAsync(new ContainerAddress(engine, container.Id, config.Image), container.First, files, time, ct);
        }
        catch
        {
            await RemoveQuietlyAsync(name);
            throw;
        }
    }

    public async Task<IFrrHome?> FindAsync(IReadOnlyCollection<ProcessIdentity> daemons, CancellationToken ct)
    {
        if (daemons.FirstOrDefault() is not { } inside || SpaceOf(inside.Pid) is not { } space || space == ProcFacts.ProcessNamespace("self")) return null;
        if (daemons.Any(daemon => SpaceOf(daemon.Pid) != space)) return null;
        ContainerState? container = null;
        try
        {
            container = (await ListAsync(ct)).FirstOrDefault(one => one.Pid > 0 && SpaceOf(one.Pid) == space);
            if (container?.ImageId != (await FindImageAsync(ct)).Id) return null;
        }
        catch (RoutingException)
        {
            // The engine is away, or the image: no reason to end an FRR that runs, and could not be started again.
        }
        var first = container is null ? inside : ProcessIdentity.TryFind(container.Pid) ?? inside;
        return await ContainerHome.EnterAsync(new ContainerAddress(engine, container?.Id ?? "", config.Image), first, files, time, ct);
    }

    public async Task ClearAsync(IFrrHome? except, CancellationToken ct)
    {
        var kept = (except as ContainerHome)?.Space;
        foreach (var container in await ListAsync(ct))
            if (kept is null || container.Pid == 0 || SpaceOf(container.Pid) != kept) await engine.RemoveAsync(container.Id, ct);
    }

    private Task<ImmutableArray<ContainerState>> ListAsync(CancellationToken ct) => engine.ListAsync($"{NodeLabel}={files.Directory}", ct);

    /// <exception cref="RoutingException">There is none, or another than it must be.</exception>
    private async Task<ContainerImage> FindImageAsync(CancellationToken ct)
    {
        if (!FrrImageName.TryParse(config.Image, out var wanted)) throw NoImage($"\"{config.Image}\" is no name of an image");
        // One that was pulled by its digest may have no other name; nor one whose own the digest is, when its name has been given to another.
        if (wanted.Digest is { } digest && (await engine.FindImageAsync($"{wanted}", ct) ?? await engine.FindImageAsync(digest, ct)) is { } pinned) return pinned;
        var image = await engine.FindImageAsync(wanted.Name, ct)
            ?? throw NoImage($"{engine.Name} has no image {wanted}: build it (deploy/frr/Dockerfile) or pull it, or name another (frr-image)");
        return wanted.IsMet(image.Id, image.Manifests)
            ? image
            : throw NoImage($"{engine.Name}'s image {wanted.Name} is {string.Join(", ", [image.Id, .. image.Manifests])} and not {wanted.Digest}, which frr-image demands: pull that one, or change frr-image");
    }

    private static RoutingException NoImage(string why) => new(why) { Kind = FindingKinds.FrrImage };

    private async Task<(string Id, ProcessIdentity First)> RunAsync(string name, ContainerImage image, CancellationToken ct)
    {
        var (network, sysctls) = Network();
        var id = await engine.RunAsync(new ContainerSpec
        {
            Name = name,
            Image = image,
            Command = ["sleep", "infinity"],
            Labels = ImmutableDictionary<string, string>.Empty.Add(NodeLabel, files.Directory).Add(IContainerEngine.ImageLabel, image.Id),
            Network = network,
            Sysctls = sysctls,
            Capabilities = _capabilities,
            Binds = [(files.Directory, files.Directory), (files.ContainerRunFrr, MgmtdSockets.MachineParent)],
            Temporary = _temporary,
            Limit = Limit,
        }, ct);
        var first = await FirstProcessAsync(id, ct);
        return first.NetworkNamespace == NetworkNamespace.CurrentInode()
            ? (id, first)
            : throw new RoutingException($"{engine.Name} does not run in the network namespace that Meshover runs in, and cannot start FRR there: start it there, or use podman (frr-backend)") { Kind = FindingKinds.FrrEngine };
    }

    /// <summary>Ours. Where that is the engine's, too, it is called by its name, as some engines do more to a namespace that they are given.</summary>
    private (string Network, ImmutableDictionary<string, string> Sysctls) Network()
    {
        if (engine.NetworkAt is not { } at || EngineProcess.NetworkOf(config.Socket) == NetworkNamespace.CurrentInode()) return ("host", []);
        var sysctls = SysctlFile.TryRead(PingGroups) is { } groups ? ImmutableDictionary<string, string>.Empty.Add(PingGroups, groups.Replace('\t', ' ')) : [];
        return (at($"/proc/{Environment.ProcessId}/ns/net"), sysctls);
    }

    private async Task<ProcessIdentity> FirstProcessAsync(string id, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < _untilItRuns)
        {
            var state = (await ListAsync(ct)).FirstOrDefault(one => one.Id == id);
            if (state is { Pid: > 0 } && ProcessIdentity.TryFind(state.Pid) is { NetworkNamespace: > 0 } first) return first;
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct);
        }
        throw new RoutingException($"the first process of {engine.Name}'s container {id} is not seen from here: `sleep` ended, or Meshover runs in a process namespace of its own") { Kind = FindingKinds.FrrEngine };
    }

    private async Task RemoveQuietlyAsync(string name)
    {
        try
        {
            await engine.RemoveAsync(name, CancellationToken.None);
        }
        catch (RoutingException)
        {
            // What kept it from being made is what is told.
        }
    }

    private static string? SpaceOf(int pid) => ProcFacts.ProcessNamespace($"{pid}");
}
