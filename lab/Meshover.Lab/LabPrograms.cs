namespace Meshover.Lab;

/// <summary>
/// Where the programs under test are: in the directory that the variable MESHOVER_BIN names (the published ones; <c>./dev</c>
/// sets it), else those that were built beside this assembly.
/// </summary>
public static class LabPrograms
{
    public const string DirectoryVariable = "MESHOVER_BIN";

    /// <summary>Path of <c>meshover</c>.</summary>
    /// <exception cref="FileNotFoundException">It is not built.</exception>
    public static string Meshover => Find("meshover", "Meshover.Cli");

    /// <summary>Path of <c>meshover-controller</c>.</summary>
    /// <exception cref="FileNotFoundException">It is not built.</exception>
    public static string Controller => Find("meshover-controller", "Meshover.Controller");

    /// <summary>Path of <c>meshover-kube</c>.</summary>
    /// <exception cref="FileNotFoundException">It is not built.</exception>
    public static string Kube => Find("meshover-kube", "Meshover.Kube");

    private static string Find(string program, string project)
    {
        var path = Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } directory
            ? Path.Combine(directory, program)
            : BesideThisAssembly(program, project);
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{path} is not there. Build it with `./dev build`, or name the directory of the programs in {DirectoryVariable}.", path);
    }

    // artifacts/bin/<this project>/<configuration>/ -> artifacts/bin/<project>/<configuration>/<program>
    private static string BesideThisAssembly(string program, string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, program);
    }
}
