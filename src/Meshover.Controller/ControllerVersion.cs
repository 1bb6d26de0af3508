using System.Reflection;

namespace Meshover.Controller;

/// <summary>This program's release.</summary>
internal static class ControllerVersion
{
    /// <summary>With the commit, as <c>--version</c> tells it: <c>0.1.0+1234abc</c>.</summary>
    public static string Build { get; } = typeof(ControllerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>As in <c>0.1.0</c>.</summary>
    public static string Text { get; } = Build.Split('+')[0];
}
