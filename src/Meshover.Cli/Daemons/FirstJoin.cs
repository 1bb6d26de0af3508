using System.Runtime.ExceptionServices;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Up;
using Meshover.Mesh.Trust;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Daemons;

/// <summary>A container's first start: joins with the string of the environment, retrying for ever.</summary>
internal static partial class FirstJoin
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    // A token that was revoked stays so; whoever starts the container anew with another does not wait for us.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <returns>The join string to be used; null where this machine is a member already.</returns>
    /// <exception cref="CliException">There is neither an identity nor a join string.</exception>
    public static JoinString? Find(NodePaths paths)
    {
        if (new IdentityStore(paths.StateDirectory).Load() is { IsEnrolled: true })
            return null;
        return JoinSource.Read(null, Environment.GetEnvironmentVariable(JoinSource.Variable), Console.In, CancellationToken.None)
            ?? throw new CliException(
                $"This machine belongs to no mesh yet: set {JoinSource.Variable} to a join string (`meshover token create` on the controller prints one).");
    }

    public static async Task JoinAsync(JoinString join, DaemonContext context, AgentConfig config, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger("run");
        var options = EnrolmentSettings.Of(config, context.Paths);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await Enrolment.EnrolAsync(EnrolmentSettings.Through(config, join), options, logger, context.Time, cancellationToken);
                return;
            }
            catch (AgentException e) when (e.InnerException is IOException { HResult: Failure.ReadOnlyFileSystem } refused)
            {
                ExceptionDispatchInfo.Throw(refused); // which trying again does not change
            }
            catch (AgentException e)
            {
                LogNotYet(logger, e.Message, pause.TotalSeconds);
            }
            await Task.Delay(pause, context.Time, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not joined yet: {Reason} Trying again in {Seconds} s")]
    private static partial void LogNotYet(ILogger logger, string reason, double seconds);
}
