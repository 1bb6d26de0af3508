namespace Meshover.Linux.Sysctl;

/// <summary>A sysctl could not be read or written.</summary>
public sealed class SysctlException(string operation, string key, string reason) : Exception($"{operation} sysctl {key}: {reason}")
{
    public string Operation { get; } = operation;

    public string Key { get; } = key;

    /// <summary>Where /proc/sys is mounted read-only, as in a container (EROFS).</summary>
    public bool IsReadOnly { get; init; }
}
