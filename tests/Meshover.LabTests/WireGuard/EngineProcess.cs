using System.Diagnostics;
using System.Globalization;
using Meshover.Lab;
using Meshover.WireGuard.Control;

namespace Meshover.LabTests.WireGuard;

/// <summary>The engine as users run it, <c>meshover dataplane</c>, at end 1 of a wire: a process of its own, to be measured.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    // USER_HZ, what /proc counts CPU time in.
    private const double TicksPerSecond = 100;

    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-engine-").FullName;
    private readonly Process _process;

    private EngineProcess(Wire wire, string program)
    {
        string[] command =
        [
            "netns", "exec", wire.Name(1), program, "dataplane",
            "--run-dir", _directory, "--state-dir", _directory, "--uapi-dir", _directory,
        ];
        _process = Process.Start(new ProcessStartInfo("ip", command) { UseShellExecute = false })!;
        Client = new DataplaneClient(Path.Combine(_directory, "dataplane.sock"));
    }

    public DataplaneClient Client { get; }

    /// <summary>Compiled ahead of time, as releases are: the size of a process with the JIT in it says little.</summary>
    public static bool IsNative =>
        !File.Exists(Path.ChangeExtension(File.ResolveLinkTarget(LabPrograms.Meshover, returnFinalTarget: true)?.FullName ?? LabPrograms.Meshover, ".dll"));

    /// <param name="program">Null: as it is installed.</param>
    public static async Task<EngineProcess> StartAsync(Wire wire, string? program = null)
    {
        var engine = new EngineProcess(wire, program ?? LabPrograms.Meshover);
        await Until.TrueAsync("the engine answers", TimeSpan.FromSeconds(20), async () =>
        {
            try
            {
                await engine.Client.GetStatusAsync();
                return true;
            }
            catch (DataplaneException)
            {
                return false;
            }
        });
        return engine;
    }

    /// <summary>Seconds of CPU that it has used.</summary>
    public double CpuSeconds()
    {
        var fields = File.ReadAllText($"/proc/{_process.Id}/stat").Split(") ")[1].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Resident memory in MB.</summary>
    public double Megabytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
