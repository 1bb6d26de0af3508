using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>
/// Renews the lease of what rests on this agent, for as long as it does its work: what the checks say has come to its main loop. Else it is taken back by
/// `meshover routing`, as it is when the agent is dead.
/// </summary>
/// <param name="lapsed">It had lapsed: what is leased must be told anew.</param>
internal sealed partial class LeaseRenewer(RoutingClient routing, DeclaredAnnouncements declared, Func<AgentState> state, Action lapsed, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(3);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var inStep = time.GetTimestamp();
        var said = "";
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (state().Announcements.Sources.Contains(declared.Current))
                inStep = time.GetTimestamp();
            if (declared.Current.Announcements.IsEmpty || time.GetElapsedTime(inStep) > Behind)
                continue;
            try
            {
                if (await routing.RenewAsync(cancellationToken) is { IsEmpty: false } prefixes)
                {
                    LogLapsed(logger, string.Join(", ", prefixes));
                    declared.Lapsed(prefixes);
                    lapsed();
                }
                said = "";
            }
            catch (RoutingException e)
            {
                if (said != e.Message)
                    LogCannot(logger, e.Message);
                said = e.Message;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Prefixes} had lapsed, as no agent was heard in time")]
    private static partial void LogLapsed(ILogger logger, string prefixes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of what is announced on conditions cannot be renewed: {Reason}")]
    private static partial void LogCannot(ILogger logger, string reason);
}
