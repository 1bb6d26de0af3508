using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Up;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Daemons;

/// <summary>A container's first start: joins with the string of the environment, retrying for ever.</summary>
internal static partial class FirstJoin
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <exception cref="CliException">There is neither an identity nor a join string.</exception>
    public static async Task EnsureAsync(DaemonContext context, AgentConfig config, CancellationToken cancellationToken)
    {
        if (new IdentityStore(context.Paths.StateDirectory).Load() is { IsEnrolled: true })
            return;
        var join = JoinSource.Read(null, Environment.GetEnvironmentVariable(JoinSource.Variable), Console.In)
            ?? throw new CliException(
                $"This machine belongs to no mesh yet: set {JoinSource.Variable} to a join string (`meshover token create` on the controller prints one).");
        var logger = context.Loggers.CreateLogger("run");
        var options = EnrolmentSettings.Of(config, context.Paths);
        while (true)
        {
            try
            {
                await Enrolment.EnrolAsync(EnrolmentSettings.Through(config, join), options, logger, context.Time, cancellationToken);
                return;
            }
            catch (AgentException e)
            {
                LogNotYet(logger, e.Message, Pause.TotalSeconds);
            }
            await Task.Delay(Pause, context.Time, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not joined yet: {Reason} Tried again in {Seconds} s")]
    private static partial void LogNotYet(ILogger logger, string reason, double seconds);
}
