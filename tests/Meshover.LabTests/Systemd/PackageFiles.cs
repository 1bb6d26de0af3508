using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Systemd;

/// <summary>The Debian packages that <c>./dev package</c> makes.</summary>
internal static class PackageFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10); // an emulated processor unpacks for minutes

    /// <summary>The package of that name.</summary>
    /// <exception cref="FileNotFoundException">It is not there, or in several versions.</exception>
    public static string Of(string name)
    {
        var directory = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../packages"));
        return Directory.Exists(directory) && Directory.GetFiles(directory, $"{name}_*.deb") is [var package]
            ? package
            : throw new FileNotFoundException($"{directory} has no package of {name}, or several. Make it with `./dev package`.");
    }

    public static string Version => Path.GetFileNameWithoutExtension(Of("meshover")).Split('_')[1];

    /// <summary>amd64, arm64.</summary>
    public static string Architecture => Path.GetFileNameWithoutExtension(Of("meshover")).Split('_')[^1];

    /// <summary>The same again in the directory, under another number and packed without compressing, which nobody waits for here.</summary>
    /// <returns>The package.</returns>
    public static async Task<string> RepackAsync(string name, string version, string directory, CancellationToken ct)
    {
        var package = Path.Combine(directory, $"{name}_{version}_{Architecture}.deb");
        var run = await new ProgramRun("sh", "-c", $"""
            cd {directory} && dpkg-deb -R {Of(name)} {name} && sed -i 's/^Version: .*/Version: {version}/' {name}/DEBIAN/control &&
            dpkg-deb --root-owner-group -Znone -b {name} {package} && rm -r {name}
            """) { Patience = Patience, IsGroup = true }.RunAsync(ct);
        new CommandResult($"dpkg-deb {name}", run.ExitCode, run.Output, run.Errors).Checked();
        return package;
    }
}
