using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.WireGuard.Control;

/// <summary>Messages of the engine's socket: one JSON document a line.</summary>
internal static class ControlLine
{
    /// <summary>Far above a configuration of 10,000 peers (some 4 MB); a bound on what a stray client makes us hold.</summary>
    public const int MaxBytes = 64 << 20;

    private const int FirstBuffer = 4096;

    public static async Task WriteAsync<T>(Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        await stream.WriteAsync((byte[])[.. json, (byte)'\n'], cancellationToken);
    }

    /// <summary>Reads up to a line end and parses it. Null at the stream's end.</summary>
    /// <exception cref="JsonException">The line is not such a message.</exception>
    /// <exception cref="IOException">The stream ended within a line, or the line is longer than <see cref="MaxBytes"/>.</exception>
    public static async Task<T?> ReadAsync<T>(Stream stream, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var buffer = new byte[FirstBuffer];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, Grow(length));
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                return length == 0 ? null : throw new IOException("the connection ended within a message");
            var end = buffer.AsSpan(length, read).IndexOf((byte)'\n');
            if (end >= 0)
                return JsonSerializer.Deserialize(buffer.AsSpan(0, length + end), type);
            length += read;
        }
    }

    private static int Grow(int length) =>
        length < MaxBytes ? length * 2 : throw new IOException($"a message is longer than {MaxBytes} bytes");
}
