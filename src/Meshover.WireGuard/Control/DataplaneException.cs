namespace Meshover.WireGuard.Control;

/// <summary>Why a request to the engine failed.</summary>
public enum DataplaneError
{
    /// <summary>Nobody answers on the socket: the engine does not run (yet).</summary>
    Unreachable = 1,

    /// <summary>The request itself is wrong; nothing was changed.</summary>
    Refused = 2,

    /// <summary>The system said no (a port in use, no permission); what runs goes on running.</summary>
    Failed = 3,

    /// <summary>The other side speaks a version of the protocol that we do not.</summary>
    Version = 4,

    /// <summary>As <see cref="Failed"/>: another program has the UDP port.</summary>
    PortTaken = 5,
}

/// <summary>A request to the engine failed. The message says what, why and what to do.</summary>
public sealed class DataplaneException(DataplaneError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public DataplaneError Error { get; } = error;
}
