using System.Text.Json;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;

namespace Meshover.Controller.Live;

/// <summary>
/// Takes up at the start how nodes stood before it, forgets those that are no members any more, and keeps how they stand each 30 s and at the end: O(nodes) each time. A file that cannot be read is done without, and one that cannot be
/// written is tried again; each is logged once, and nobody waits for it.
/// </summary>
internal sealed partial class LastKnownKeeper(MeshDirectory directory, LiveNodes live, ControllerPaths paths, TimeProvider time, ILogger<LastKnownKeeper> log) : BackgroundService
{
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private bool _isFailing;

    /// <summary>Before any other service looks at the nodes.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Recall();
        return base.StartAsync(cancellationToken);
    }

    /// <summary>The streams have ended by then.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Keep();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            ForgetOthers();
            Keep();
        }
    }

    /// <summary>One that was taken up and is no member any more: nothing marked it for planning, where those are forgotten that were heard.</summary>
    private void ForgetOthers()
    {
        var known = live.State.Nodes;
        var mesh = directory.State; // newer than what is known: whoever opened a stream is in it
        foreach (var (id, node) in known)
        {
            if (node is { IsLastKnown: true, IsOnline: false } && mesh.Member(id) is null)
                live.Forget(id);
        }
    }

    private void Recall()
    {
        try
        {
            if (File.Exists(paths.LastKnown))
                live.Recall(LastKnown.Read(directory.State, File.ReadAllBytes(paths.LastKnown)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidDataException)
        {
            LogNotTaken(log, paths.LastKnown, e.Message);
        }
    }

    /// <summary>Beside the former one, which it then replaces.</summary>
    private void Keep()
    {
        try
        {
            var next = $"{paths.LastKnown}.new";
            using (var file = new FileStream(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
                file.Write(LastKnown.Write(directory.State, live.State));
            File.Move(next, paths.LastKnown, overwrite: true);
            _isFailing = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isFailing)
                LogNotKept(log, paths.LastKnown, e.Message);
            _isFailing = true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How nodes stood before the start cannot be read from {Path} ({Reason}): they are unknown until they are heard")]
    private static partial void LogNotTaken(ILogger logger, string path, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "How nodes stand cannot be kept in {Path} ({Reason}); it is tried again each 30 s")]
    private static partial void LogNotKept(ILogger logger, string path, string reason);
}
