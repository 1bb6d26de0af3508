using Meshover.Cli.CommandLine;
using Meshover.Cli.Supervision;

namespace Meshover.Cli.Hosting;

/// <summary>
/// This node's daemons at work where we do not see into: in a container that has the machine's directories, or on the machine around our container. Two on one
/// network would undo each other, and `down` would take away what the other uses: so whoever comes second ends with a sentence. The locks of the daemons tell
/// (<see cref="PidFile"/>), which the kernel holds for all namespaces and drops with their process (docs/decisions/116).
/// </summary>
internal static class NodeElsewhere
{
    // A daemon that has just started has its lock before its pid file.
    private const int Looks = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <exception cref="CliException">They are at work elsewhere; nothing was done.</exception>
    public static async Task RefuseAsync(NodePaths paths, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var daemon in (string[])[DaemonNames.Run, .. DaemonNames.All])
        {
            var looks = 0;
            while (PidFile.IsHeldElsewhere(paths.PidFile(daemon)))
            {
                if (++looks == Looks)
                    throw PidFile.Refusal(paths.RuntimeDirectory, daemon);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }
}
