using Meshover.Controller.Changes;

namespace Meshover.Controller.Hosting;

/// <summary>Ends the process when the state can no longer be followed: a supervisor starts it anew, a controller that lies does not recover.</summary>
internal sealed partial class DirectoryGuard(MeshDirectory directory, IHostApplicationLifetime lifetime, ILogger<DirectoryGuard> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await directory.Completion.WaitAsync(stoppingToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogEnded(log, e);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The store can no longer be followed; the controller is stopping")]
    private static partial void LogEnded(ILogger logger, Exception exception);
}
