namespace Meshover.WireGuard.Uapi;

/// <summary>
/// A request that cannot be done, with the errno that its answer carries. Nothing was changed. The message is logged, so it never shows a
/// key.
/// </summary>
internal sealed class UapiException(int errno, string message) : Exception(message)
{
    /// <summary>EIO: the system refused something.</summary>
    public const int InputOutput = 5;

    /// <summary>ENODEV.</summary>
    public const int NoDevice = 19;

    /// <summary>EINVAL.</summary>
    public const int Invalid = 22;

    /// <summary>EPROTO: a line that is no <c>key=value</c>.</summary>
    public const int Protocol = 71;

    /// <summary>EOPNOTSUPP: neither <c>get=1</c> nor <c>set=1</c>.</summary>
    public const int NotSupported = 95;

    public int Errno { get; } = errno;

    public UapiException(string message)
        : this(Invalid, message)
    {
    }
}
