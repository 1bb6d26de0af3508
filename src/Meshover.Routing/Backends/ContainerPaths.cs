using System.Globalization;
using Meshover.Linux.Processes;

namespace Meshover.Routing.Backends;

/// <summary>Where an image has FRR, as Debian's package and the project's own images have it; and how its programs are started from outside.</summary>
internal static class ContainerPaths
{
    public const string Daemons = "/usr/lib/frr";
    private const string Shell = "/usr/bin/vtysh";

    /// <summary>A program of the container, with its files and our rights, whether its engine answers or not.</summary>
    /// <param name="inside">A process of the container.</param>
    public static ToolCommand Program(ProcessIdentity inside, string path) =>
        new("nsenter", "--target", inside.Pid.ToString(CultureInfo.InvariantCulture), "--mount", "--", path);

    public static ToolCommand Vtysh(ProcessIdentity inside) => Program(inside, Shell);

    /// <summary>A file of the container, as we see it.</summary>
    public static string File(ProcessIdentity inside, string path) => $"/proc/{inside.Pid}/root{path}";

    /// <summary>Those that are needed and are not there.</summary>
    public static IEnumerable<string> Missing(ProcessIdentity inside, IEnumerable<string> daemons) =>
        daemons.Select(name => $"{Daemons}/{name}").Append(Shell).Where(path => !System.IO.File.Exists(File(inside, path)));
}
