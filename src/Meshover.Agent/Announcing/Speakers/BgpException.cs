namespace Meshover.Agent.Announcing.Speakers;

/// <summary>What a speaker said cannot be taken, and the session ends with a NOTIFICATION (RFC 4271 section 4.5).</summary>
/// <param name="code">Error code.</param>
/// <param name="subcode">Within it; 0: unspecific.</param>
/// <param name="message">For people.</param>
internal sealed class BgpException(byte code, byte subcode, string message) : Exception(message)
{
    public byte Code => code;
    public byte Subcode => subcode;

    /// <summary>Nothing was said for too long.</summary>
    public bool IsSilence => code == 4;

    /// <summary>Message Header Error.</summary>
    public static BgpException Header(byte subcode, string message) => new(1, subcode, message);

    /// <summary>OPEN Message Error.</summary>
    public static BgpException Open(byte subcode, string message) => new(2, subcode, message);

    /// <summary>UPDATE Message Error.</summary>
    public static BgpException Update(byte subcode, string message) => new(3, subcode, message);

    /// <summary>Hold Timer Expired.</summary>
    public static BgpException HoldTimer() => new(4, 0, "it was silent for longer than the hold time");

    /// <summary>Finite State Machine Error: a message that does not belong here.</summary>
    public static BgpException State(BgpMessageType type) => new(5, 0, $"it sent {type.ToString().ToUpperInvariant()} where that does not belong");

    /// <summary>Cease (RFC 4486).</summary>
    public static BgpException Cease(byte subcode, string message) => new(6, subcode, message);
}
