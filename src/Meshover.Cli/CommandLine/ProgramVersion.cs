using System.Reflection;

namespace Meshover.Cli.CommandLine;

internal static class ProgramVersion
{
    /// <summary>Such as <c>0.1.0</c>, without the commit, which <c>--version</c> tells.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
