using System.Diagnostics;
using Meshover.Lab.Interop;

namespace Meshover.Lab.Machines;

/// <summary>
/// Programs and libraries of another Debian, for a machine of the lab: its /usr covers the host's, in which they all are since /bin, /lib
/// and /sbin are links into it. .NET's runtime stays the host's.
/// </summary>
public static class OtherSystem
{
    private const string Usr = "/usr";
    private const string Zebra = "/usr/lib/frr/zebra";

    /// <summary>Variable that names the runtime's directory.</summary>
    private const string RuntimeVariable = "DOTNET_ROOT";

    /// <summary>
    /// The directory of the system with this release of FRR, such as "10.3": <c>./dev</c> makes it beside the programs. Null where this
    /// machine's own FRR is of that release.
    /// </summary>
    /// <exception cref="LabException">It is not there.</exception>
    public static string? WithFrr(string release)
    {
        if (OwnRelease() is { } own && (own == release || own.StartsWith(release + ".", StringComparison.Ordinal))) return null;
        return Of($"frr-{release}");
    }

    /// <summary>The directory of a system that <c>./dev</c> makes beside the programs.</summary>
    /// <exception cref="LabException">It is not there.</exception>
    public static string Of(string name)
    {
        var system = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "..", "roots", name));
        return Directory.Exists(Path.Combine(system, "usr", "lib"))
            ? system
            : throw new LabException($"{system} does not exist: `./dev up --frr`, `./dev test lab` and `./dev bench dataplane` create the systems they need");
    }

    /// <summary>Covers /usr in the calling thread's mount namespace, which must be its own.</summary>
    internal static void Enter(string system)
    {
        if (Runtime() is { } runtime) Libc.Mount(runtime, system + runtime, null, Libc.MountBind);
        Libc.Mount(system + Usr, Usr, null, Libc.MountBind | Libc.MountRecursive);
    }

    /// <summary>How to start a program with that /usr: what comes before it and its arguments. The process becomes the program.</summary>
    public static IReadOnlyList<string> Prefix(string system) =>
    [
        "unshare", "--mount", "--propagation", "slave", "sh", "-c",
        """if [ -n "$2" ]; then mount --bind "$2" "$1$2"; fi; mount --rbind "$1/usr" /usr; shift 2; exec "$@" """,
        "sh", system, Runtime() ?? "",
    ];

    private static string? OwnRelease()
    {
        if (!File.Exists(Zebra)) return null;
        using var zebra = Process.Start(new ProcessStartInfo(Zebra, ["-v"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        return zebra.StandardOutput.ReadToEnd().Split((char[]?)null, 4, StringSplitOptions.RemoveEmptyEntries) is ["zebra", "version", var version, ..] ? version : null;
    }

    /// <summary>Null where it lies elsewhere than under /usr, and so is not covered.</summary>
    private static string? Runtime() =>
        Environment.GetEnvironmentVariable(RuntimeVariable) is { } directory && directory.StartsWith(Usr + "/", StringComparison.Ordinal) ? directory : null;
}
