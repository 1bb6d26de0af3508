using System.Buffers.Binary;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The types that a message begins with, as 32 bits little endian: one byte of type and three reserved ones that are zero.
/// </summary>
internal static class MessageType
{
    public const uint Initiation = 1;
    public const uint Response = 2;
    public const uint CookieReply = 3;

    /// <summary>Whether it says that it is a handshake message, whatever its length.</summary>
    public static bool IsHandshake(ReadOnlySpan<byte> message) =>
        message.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(message) is >= Initiation and <= CookieReply;

    /// <summary>The type of a handshake message whose length is the type's; 0 for anything else.</summary>
    public static uint Of(ReadOnlySpan<byte> message)
    {
        if (message.Length < sizeof(uint))
            return 0;
        var type = BinaryPrimitives.ReadUInt32LittleEndian(message);
        return (type, message.Length) switch
        {
            (Initiation, InitiationMessage.Length) => type,
            (Response, ResponseMessage.Length) => type,
            (CookieReply, CookieReplyMessage.Length) => type,
            _ => 0,
        };
    }
}

/// <summary>
/// The first message, initiator to responder (WireGuard paper, section 5.4.2):
/// <code>
///   0  u32 type = 1                        88  timestamp, sealed: TAI64N (12 + 16)
///   4  u32 sender index                   116  mac1 (16)
///   8  ephemeral public key (32)          132  mac2 (16)
///  40  static public key, sealed (32 + 16)
/// </code>
/// </summary>
internal static class InitiationMessage
{
    public const int Length = 148;
    public const int Sender = 4;
    public static readonly Range Ephemeral = 8..40;
    public static readonly Range Static = 40..88;
    public static readonly Range Timestamp = 88..116;
}

/// <summary>
/// The second, responder to initiator (section 5.4.3):
/// <code>
///   0  u32 type = 2                        44  nothing, sealed (0 + 16)
///   4  u32 sender index                    60  mac1 (16)
///   8  u32 receiver index                  76  mac2 (16)
///  12  ephemeral public key (32)
/// </code>
/// </summary>
internal static class ResponseMessage
{
    public const int Length = 92;
    public const int Sender = 4;
    public const int Receiver = 8;
    public static readonly Range Ephemeral = 12..44;
    public static readonly Range Empty = 44..60;
}

/// <summary>
/// What a responder under load answers instead (section 5.4.7):
/// <code>
///   0  u32 type = 3                         8  nonce (24)
///   4  u32 receiver index                  32  cookie, sealed (16 + 16)
/// </code>
/// </summary>
internal static class CookieReplyMessage
{
    public const int Length = 64;
    public const int Receiver = 4;
    public static readonly Range Nonce = 8..32;
    public static readonly Range Cookie = 32..64;
}

/// <summary>The two MACs that end an initiation and a response (section 5.4.4). Each covers all that stands before it.</summary>
internal static class MessageMacs
{
    public const int Length = 16;

    public static Range Before1(int messageLength) => ..(messageLength - (2 * Length));
    public static Range Mac1(int messageLength) => (messageLength - (2 * Length))..(messageLength - Length);
    public static Range Before2(int messageLength) => ..(messageLength - Length);
    public static Range Mac2(int messageLength) => (messageLength - Length)..messageLength;
}
