using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Routing.Supervision;

/// <summary>One JSON object a line over a stream, each line bounded.</summary>
internal sealed class JsonLines(Stream stream)
{
    private byte[] _buffer = new byte[4096];
    private int _length;

    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken ct)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, type);
        Array.Resize(ref bytes, bytes.Length + 1);
        bytes[^1] = (byte)'\n';
        await stream.WriteAsync(bytes, ct);
        await stream.FlushAsync(ct);
    }

    /// <summary>The next line's object; null at the end of the stream.</summary>
    /// <exception cref="JsonException">The line is not one, or is longer than <see cref="RoutingProtocol.LongestLine"/>.</exception>
    public async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken ct) where T : class
    {
        var scanned = 0;
        while (true)
        {
            var end = _buffer.AsSpan(scanned, _length - scanned).IndexOf((byte)'\n');
            if (end >= 0) return Take(scanned + end, type);
            scanned = _length;
            if (!await FillAsync(ct)) return null;
        }
    }

    private T Take<T>(int end, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(0, end), type) ?? throw new JsonException("an object was expected");
        }
        finally
        {
            _buffer.AsSpan(end + 1, _length - end - 1).CopyTo(_buffer);
            _length -= end + 1;
        }
    }

    private async Task<bool> FillAsync(CancellationToken ct)
    {
        if (_length == _buffer.Length)
        {
            if (_length >= RoutingProtocol.LongestLine) throw new JsonException($"a line is longer than {RoutingProtocol.LongestLine} bytes");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_length), ct);
        _length += read;
        return read > 0;
    }
}
