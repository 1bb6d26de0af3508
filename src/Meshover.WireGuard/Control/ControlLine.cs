using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.WireGuard.Control;

/// <summary>Messages of the engine's socket, one JSON document a line, as they come from one connection.</summary>
internal sealed class ControlLine(Stream stream)
{
    /// <summary>Far above a configuration of 10,000 peers (some 4 MB); a bound on what a stray client makes us hold.</summary>
    public const int MaxBytes = 64 << 20;

    private byte[] _buffer = new byte[4096];
    private int _length;

    public static async Task WriteAsync<T>(Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        await stream.WriteAsync((byte[])[.. json, (byte)'\n'], cancellationToken);
    }

    /// <summary>Reads up to a line end and parses it. Null at the stream's end.</summary>
    /// <exception cref="JsonException">The line is not such a message; the next one can be read.</exception>
    /// <exception cref="IOException">The stream ended within a line, or the line is longer than <see cref="MaxBytes"/>.</exception>
    public async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var searched = 0;
        while (true)
        {
            var end = _buffer.AsSpan(searched.._length).IndexOf((byte)'\n');
            if (end >= 0)
                return Take(searched + end, type);
            searched = _length;
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, Grow(_length));
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
                return _length == 0 ? null : throw new IOException("the connection ended within a message");
            _length += read;
        }
    }

    private T? Take<T>(int end, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(0, end), type);
        }
        finally
        {
            _buffer.AsSpan((end + 1).._length).CopyTo(_buffer);
            _length -= end + 1;
        }
    }

    private static int Grow(int length) =>
        length < MaxBytes ? length * 2 : throw new IOException($"a message is longer than {MaxBytes} bytes");
}
