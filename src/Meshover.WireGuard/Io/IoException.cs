namespace Meshover.WireGuard.Io;

/// <summary>The system refused something: what was tried, and its errno.</summary>
public sealed class IoException(string operation, int errno) : Exception($"cannot {operation}: {Libc.Describe(errno)} (errno {errno})")
{
    public string Operation { get; } = operation;

    public int Errno { get; } = errno;
}
