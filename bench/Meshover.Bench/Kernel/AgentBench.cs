using System.Globalization;
using Meshover.Bench.Mesh;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Kernel;

/// <summary>
/// What the agent of a mesh of many members costs while nothing happens: the programs as they are released, a controller, and members that
/// enrolled and have been silent since. Without FRR, whose own work would hide the agent's on so slow a machine.
/// </summary>
/// <param name="members">Where <see cref="MembersAsync"/> left a controller that has them; null: they enrol here.</param>
internal sealed class AgentBench(int peers, string? members, TextWriter progress)
{
    // Of a controller: its settings and its store.
    private static readonly string[] ControllerPlaces = ["/etc/meshover", "/var/lib/meshover-controller"];
    private const string Subject = "meshover agent";
    private const int TryAgain = 11; // EAGAIN
    private const int EnrolmentsAtOnce = 16;
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LinksPatience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(12);
    private static readonly TimeProvider Time = TimeProvider.System;

    public async Task<IReadOnlyList<Measurement>> RunAsync(int rounds, CancellationToken ct)
    {
        await using var mesh = await LabMesh.BuildAsync(Options, Time, ct);
        await StartControllerAsync(mesh.Controller, ct);
        await JoinAsync(mesh, ct);
        var agent = AgentOf(mesh.Node(1));
        await Task.Delay(Rest, Time, ct);
        var results = new List<Measurement>();
        for (var round = 1; round <= rounds; round++)
            results.AddRange(await MeasureAsync(agent, ct));
        return results;
    }

    /// <summary>Enrols the members, and leaves the controller's state in a directory: an emulated machine takes minutes for it.</summary>
    public async Task MembersAsync(string directory, CancellationToken ct)
    {
        await using var mesh = await LabMesh.BuildAsync(Options, Time, ct);
        await StartControllerAsync(mesh.Controller, ct);
        mesh.Controller.Kill();
        foreach (var place in ControllerPlaces)
            await Programs.RunAsync("cp", "-aT", mesh.Controller.Machine.Disk(place), Path.Combine(directory, Path.GetFileName(place)));
    }

    private static LabOptions Options => new() { Prefix = "mobench", Nodes = 1 };

    private async Task StartControllerAsync(LabController controller, CancellationToken ct)
    {
        if (members is null)
            await controller.InitAsync(ct);
        foreach (var place in members is null ? [] : ControllerPlaces)
            (await controller.Machine.RunAsync("cp", ["-aT", Path.Combine(members!, Path.GetFileName(place)), place], ct)).Checked();
        controller.Serve();
        await controller.WaitAsync(StartPatience, ct);
        if (members is null)
            await EnrolAsync(controller, ct);
    }

    private async Task EnrolAsync(LabController controller, CancellationToken ct)
    {
        var start = Time.GetTimestamp();
        var client = new EnrolmentClient(controller.Machine, await controller.CreateTokenAsync([], "unlimited", ct));
        await Parallel.ForAsync(0, peers, new ParallelOptions { MaxDegreeOfParallelism = EnrolmentsAtOnce, CancellationToken = ct },
            async (number, cancel) => await client.EnrolAsync($"bench-{number}", cancel));
        await TellAsync($"{peers} members enrolled in {Time.GetElapsedTime(start).TotalSeconds:0} s");
    }

    private async Task JoinAsync(LabMesh mesh, CancellationToken ct)
    {
        var node = mesh.Node(1);
        var start = Time.GetTimestamp();
        var join = await mesh.Controller.CreateTokenAsync(node.Number, ct);
        string[] arguments = ["--join", "-", "--no-wait", "--timeout", $"{StartPatience.TotalSeconds}", "--routing", "off", "--dataplane", "kernel"];
        (await node.UpAsync(join, arguments, ct)).Checked();
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(LinksPatience);
        while (LinksUp(netlink) < peers)
            await Task.Delay(Look, Time, deadline.Token);
        await TellAsync($"all of its links are up {Time.GetElapsedTime(start).TotalSeconds:0} s after `meshover up`");
    }

    private static int LinksUp(RouteNetlink netlink)
    {
        try
        {
            return netlink.GetLinks().Count(link => link is { Gre: not null, IsUp: true });
        }
        catch (NetlinkException error) when (error.ErrorNumber == TryAgain)
        {
            return 0; // so many come that no list of them is whole
        }
    }

    private static int AgentOf(LabNode node) => MachineProcesses.Of(node.Machine).Select(process => process.Id)
        .First(id => File.ReadAllText($"/proc/{id}/cmdline").Split('\0').ElementAtOrDefault(1) == "agent");

    private async Task<IEnumerable<Measurement>> MeasureAsync(int agent, CancellationToken ct)
    {
        var (before, start) = (Programs.CpuSeconds(agent), Time.GetTimestamp());
        await Task.Delay(Window, Time, ct);
        var cpu = 100 * (Programs.CpuSeconds(agent) - before) / Time.GetElapsedTime(start).TotalSeconds;
        var memory = ProcessMemory.ResidentMegabytes(agent);
        await TellAsync(string.Create(CultureInfo.InvariantCulture, $"agent: {cpu:0.0} % of a core, {memory:0} MB"));
        return [new Measurement(Subject, "idle", "% of a core", cpu), new Measurement(Subject, "rss", "MB", memory)];
    }

    private Task TellAsync(FormattableString text) => TellAsync(FormattableString.Invariant(text));

    private Task TellAsync(string text) => progress.WriteLineAsync($"{peers} peers: {text}");
}
