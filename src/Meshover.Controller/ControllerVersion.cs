using System.Reflection;

namespace Meshover.Controller;

/// <summary>This program's release, as in <c>0.1.0</c>, without the commit, which <c>--version</c> tells.</summary>
internal static class ControllerVersion
{
    public static string Text { get; } =
        typeof(ControllerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
