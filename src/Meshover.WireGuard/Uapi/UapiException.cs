namespace Meshover.WireGuard.Uapi;

/// <summary>A request that cannot be done, with the errno that its answer carries. Nothing was changed.</summary>
internal sealed class UapiException(int errno, string message) : Exception(message)
{
    /// <summary>ENODEV.</summary>
    public const int NoDevice = 19;

    /// <summary>EINVAL.</summary>
    public const int Invalid = 22;

    /// <summary>EOPNOTSUPP.</summary>
    public const int NotSupported = 95;

    public int Errno { get; } = errno;

    public UapiException(string message)
        : this(Invalid, message)
    {
    }
}
