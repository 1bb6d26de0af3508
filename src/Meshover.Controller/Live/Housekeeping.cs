using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Live;

/// <summary>Each minute: numbers that have rested become free; tokens that ended and nodes that went long ago are forgotten.</summary>
internal sealed partial class Housekeeping(MeshDirectory directory, LiveNodes live, TimeProvider time, ILogger<Housekeeping> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        do
        {
            var now = time.GetUtcNow().ToUnixTimeSeconds();
            try
            {
                await directory.ChangeAsync(new Cause(Actor.Controller, Operation.Tidy, Reason.None), draft =>
                {
                    Departure.EndRests(draft, now);
                    FurtherAddresses.EndRests(draft, now, node => live.State.Node(node)?.LastSeen.ToUnixTimeSeconds() ?? 0);
                    DepartedNodes.Tend(draft, now);
                    TokenRules.ForgetExpired(draft, now);
                }, stoppingToken);
            }
            catch (StoreException e)
            {
                LogFailed(log, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Housekeeping failed; trying again in a minute")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
