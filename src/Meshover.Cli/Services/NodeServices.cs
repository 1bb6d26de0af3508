using Meshover.Cli.Hosting;

namespace Meshover.Cli.Services;

internal static class NodeServices
{
    /// <summary>sd_booted(3).</summary>
    private const string SystemdMark = "/run/systemd/system";

    /// <summary>
    /// systemd where it runs and this is the machine's own node; one in other directories (a lab, a second node in a namespace) is nobody's
    /// business but its starter's.
    /// </summary>
    public static INodeServices For(NodePaths paths, TimeProvider time) =>
        Directory.Exists(SystemdMark) && paths.AreDefault
            ? SystemdServices.OfThisMachine()
            : new DetachedServices(paths, time);
}
