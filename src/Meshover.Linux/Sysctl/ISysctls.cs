namespace Meshover.Linux.Sysctl;

/// <summary>The sysctls of one network namespace; a fake in unit tests.</summary>
public interface ISysctls
{
    /// <inheritdoc cref="SysctlFile.TryRead"/>
    string? TryRead(string key);

    /// <inheritdoc cref="SysctlFile.Write"/>
    void Write(string key, string value);
}
