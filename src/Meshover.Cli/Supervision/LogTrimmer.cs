namespace Meshover.Cli.Supervision;

/// <summary>
/// Bounds the log files in /run, which is memory. A file that has grown too long is copied to FILE.1 and emptied in place: its writer
/// appends (O_APPEND), so it needs to know nothing of it. A few lines written between the two steps may be lost.
/// </summary>
internal sealed class LogTrimmer(IReadOnlyCollection<string> files, TimeProvider time)
{
    public const long MaxBytes = 4 << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var file in files)
                Trim(file);
        }
    }

    internal static void Trim(string file)
    {
        try
        {
            if (new FileInfo(file) is not { Exists: true, Length: > MaxBytes })
                return;
            File.Copy(file, $"{file}.1", overwrite: true);
            using var emptied = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            emptied.SetLength(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No room, or `down` removed it: tried again at the next tick.
        }
    }
}
