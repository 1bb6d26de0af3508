using System.Buffers.Binary;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>RFC 4271 section 4.1, RFC 2918.</summary>
internal enum BgpMessageType : byte
{
    Open = 1,
    Update = 2,
    Notification = 3,
    KeepAlive = 4,
    RouteRefresh = 5,
}

/// <summary>One message of BGP-4 (RFC 4271 section 4): a marker of 16 bytes, the whole length in 2, a type in 1, and what follows.</summary>
/// <param name="Type">Known.</param>
/// <param name="Body">Without the header.</param>
internal readonly record struct BgpMessage(BgpMessageType Type, ReadOnlyMemory<byte> Body)
{
    public const int HeaderLength = 19;
    public const int MaxLength = 4096;
    private const int MarkerLength = 16;
    private const int MinOpen = 29;
    private const int MinUpdate = 23;
    private const int MinNotification = 21;
    private const int RefreshLength = 23;

    public static byte[] Write(BgpMessageType type, ReadOnlySpan<byte> body)
    {
        var message = new byte[HeaderLength + body.Length];
        message.AsSpan(0, MarkerLength).Fill(0xff);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(MarkerLength), (ushort)message.Length);
        message[HeaderLength - 1] = (byte)type;
        body.CopyTo(message.AsSpan(HeaderLength));
        return message;
    }

    /// <exception cref="BgpException">It is no message of BGP-4.</exception>
    /// <exception cref="EndOfStreamException">The connection ended.</exception>
    /// <exception cref="IOException">It broke.</exception>
    public static async Task<BgpMessage> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderLength];
        await stream.ReadExactlyAsync(header, cancellationToken);
        if (header.AsSpan(0, MarkerLength).ContainsAnyExcept((byte)0xff))
            throw BgpException.Header(1, "it does not speak BGP");
        var length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(MarkerLength));
        var type = (BgpMessageType)header[HeaderLength - 1];
        if (!IsLengthOf(type, length))
            throw BgpException.Header(2, $"it sent {type.ToString().ToUpperInvariant()} of {length} bytes");
        var body = new byte[length - HeaderLength];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return new BgpMessage(type, body);
    }

    private static bool IsLengthOf(BgpMessageType type, int length) => length <= MaxLength && type switch
    {
        BgpMessageType.Open => length >= MinOpen,
        BgpMessageType.Update => length >= MinUpdate,
        BgpMessageType.Notification => length >= MinNotification,
        BgpMessageType.KeepAlive => length == HeaderLength,
        BgpMessageType.RouteRefresh => length >= RefreshLength,
        _ => throw BgpException.Header(3, $"it sent a message of type {(byte)type}, which is not known"),
    };
}
