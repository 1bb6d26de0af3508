using System.Diagnostics;
using System.Globalization;

namespace Meshover.Bench.Viewers;

/// <summary>The viewers as the benchmark has them: a process on a processor of its own, as viewers are on machines of their own.</summary>
internal sealed class ViewersElsewhere : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;

    private ViewersElsewhere(Process process) => _process = process;

    /// <summary>Starts it and waits until all pages live.</summary>
    /// <param name="processors">As taskset(1) lists them.</param>
    /// <param name="port">The console's.</param>
    /// <param name="token">By which all sign in.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">They do not come to live; their program has said why.</exception>
    public static async Task<ViewersElsewhere> OpenAsync(string processors, int port, string token, CancellationToken ct)
    {
        var start = new ProcessStartInfo("taskset", ["-c", processors, Environment.ProcessPath!, "viewers", string.Create(CultureInfo.InvariantCulture, $"{port}")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var viewers = new ViewersElsewhere(Process.Start(start)!);
        try
        {
            await viewers.AskAsync(token, ViewersProgram.Here, ct);
            return viewers;
        }
        catch
        {
            await viewers.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">One of them has seen nothing, or sees nothing any more: the figures would flatter.</exception>
    public Task RequireAllSeeAsync(CancellationToken ct) => AskAsync(ViewersProgram.See, ViewersProgram.Yes, ct);

    /// <summary>How long a page takes over a connection of its own, milliseconds.</summary>
    public async Task<(double Median, double Most)> FirstAsync(CancellationToken ct)
    {
        var said = (await AskAsync(ViewersProgram.First, ViewersProgram.First, ct)).Split(' ');
        return (double.Parse(said[1], CultureInfo.InvariantCulture), double.Parse(said[2], CultureInfo.InvariantCulture));
    }

    /// <summary>They close their pages. Otherwise the console would keep some of them for a minute.</summary>
    /// <exception cref="InvalidOperationException">They could not.</exception>
    public async Task LeaveAsync(CancellationToken ct)
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
        if (_process.ExitCode != 0)
            throw new InvalidOperationException("The viewers did not leave (their program has said why).");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> AskAsync(string asked, string wanted, CancellationToken ct)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(asked.AsMemory(), ct);
            await _process.StandardInput.FlushAsync(ct);
            var said = await _process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(Patience, ct);
            return said?.StartsWith(wanted, StringComparison.Ordinal) == true ? said : throw new InvalidOperationException("The viewers' program has ended (it has said why).");
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new InvalidOperationException($"The viewers' program does not answer (within {Patience.TotalMinutes:0} minutes, if it lives): {e.Message}", e);
        }
    }
}
