namespace Meshover.Names.Serving;

/// <summary>The header of a message (RFC 1035, section 4.1.1), as far as it is looked at before the library does.</summary>
internal static class Header
{
    private const int Length = 12, Flags = 2;
    private const byte IsResponse = 0x80;

    /// <summary>An answer is never answered: two servers of which each takes the other's for a question would go on for ever, at a forger's wish.</summary>
    public static bool IsQuestion(ReadOnlySpan<byte> message) => message.Length >= Length && (message[Flags] & IsResponse) == 0;
}
