using Meshover.Lab.Machines;
using Meshover.Lab.Underlays;
using Meshover.Linux.Processes;

namespace Meshover.Lab.Meshes;

/// <summary>The controller of a lab, handled as an administrator would handle it.</summary>
public sealed class LabController(Machine machine, TimeProvider time)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private ProcessIdentity? _process;

    public Machine Machine => machine;

    /// <summary>What it said since it was started first.</summary>
    public string LogFile => machine.Disk("/run/meshover-controller.log");

    /// <summary>Makes the mesh: CA, keys, pools, store. The nodes will find it at the lab's addresses.</summary>
    public Task InitAsync(CancellationToken ct) => InitAsync([AddressPlan.Controller6.ToString(), AddressPlan.Controller4.ToString()], ct);

    public async Task InitAsync(IEnumerable<string> addresses, CancellationToken ct) =>
        (await machine.RunAsync(LabPrograms.Controller, ["init", .. addresses.SelectMany(address => (string[])["--address", address])], ct)).Checked();

    /// <summary>Starts it in the background.</summary>
    public void Serve()
    {
        var command = machine.Command(LabPrograms.Controller, "serve");
        _process = DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = command.FileName,
            Arguments = [.. command.ArgumentList],
            LogFile = LogFile,
        });
    }

    /// <summary>SIGKILL; <see cref="Serve"/> starts it again.</summary>
    public void Kill() => _process?.Kill();

    /// <summary>Waits until it answers an administrator.</summary>
    public Task WaitAsync(CancellationToken ct) => WaitAsync(StartPatience, ct);

    public async Task WaitAsync(TimeSpan patience, CancellationToken ct)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            // Asking before it listens would keep a slow machine from starting it.
            var answer = File.Exists(AdminSocket) ? await machine.RunAsync(LabPrograms.Meshover, ["token", "list"], ct) : null;
            if (answer is { ExitCode: 0 }) return;
            if (time.GetElapsedTime(start) > patience)
                throw new LabException($"the controller does not answer after {patience.TotalSeconds:0} s: {answer?.Error.Trim() ?? "it does not listen"}\n{LogTail.Of(LogFile)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, ct);
        }
    }

    private string AdminSocket => machine.Disk("/run/meshover-controller/admin.sock");

    /// <summary>A join string for one node, which may announce the prefixes behind it.</summary>
    public Task<string> CreateTokenAsync(int node, CancellationToken ct) => CreateTokenAsync(AddressPlan.Announced(node), ct);

    public Task<string> CreateTokenAsync(IEnumerable<string> grants, CancellationToken ct) => CreateTokenAsync(grants, "1", ct);

    /// <param name="uses">How many nodes may join with it: a number, or "unlimited".</param>
    public async Task<string> CreateTokenAsync(IEnumerable<string> grants, string uses, CancellationToken ct)
    {
        string[] arguments = ["token", "create", "--uses", uses, .. grants.SelectMany(grant => (string[])["--grant", grant])];
        return (await machine.RunAsync(LabPrograms.Meshover, arguments, ct)).Checked().Trim();
    }

    /// <summary>A node may announce a prefix, or with <c>--gather</c> gather it, from now on.</summary>
    public async Task GrantAsync(int node, string prefix, IEnumerable<string> flags, CancellationToken ct) =>
        (await machine.RunAsync(LabPrograms.Meshover, ["grant", "add", AddressPlan.NodeName(node), prefix, .. flags], ct)).Checked();
}
