using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Sysctl;

/// <summary>The kernel's own.</summary>
/// <param name="namespacePath">Such as <c>/run/netns/NAME</c> (each call then takes a thread); null for that of the calling thread.</param>
public sealed class KernelSysctls(string? namespacePath = null) : ISysctls
{
    public string? TryRead(string key) =>
        namespacePath is null ? SysctlFile.TryRead(key) : NetworkNamespace.RunIn(namespacePath, () => SysctlFile.TryRead(key));

    public void Write(string key, string value)
    {
        if (namespacePath is null)
            SysctlFile.Write(key, value);
        else
            NetworkNamespace.RunIn(namespacePath, () => SysctlFile.Write(key, value));
    }
}
