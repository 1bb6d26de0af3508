using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Sysctl;

/// <summary>The sysctls of one network namespace; a fake in unit tests.</summary>
public interface ISysctls
{
    /// <inheritdoc cref="SysctlFile.TryRead"/>
    string? TryRead(string key);

    /// <inheritdoc cref="SysctlFile.Write"/>
    void Write(string key, string value);
}

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
