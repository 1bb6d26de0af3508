using Meshover.Lab;
using Meshover.LabTests.Systemd;

namespace Meshover.LabTests.Containers;

/// <summary>The container image that <c>./dev image</c> makes of the packages.</summary>
internal static class ImageFile
{
    /// <summary>Its name once an engine has it.</summary>
    public static string Name => $"meshover:{PackageFiles.Version}";

    /// <summary>The archive.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static string Path
    {
        get
        {
            var file = System.IO.Path.GetFullPath(System.IO.Path.Combine(
                System.IO.Path.GetDirectoryName(LabPrograms.Meshover)!, $"../image/meshover_{PackageFiles.Version}_{PackageFiles.Architecture}.tar"));
            return File.Exists(file) ? file : throw new FileNotFoundException($"{file} is not there. Make it with `./dev image`, which needs the compiled programs, not those of MESHOVER_JIT.");
        }
    }
}
