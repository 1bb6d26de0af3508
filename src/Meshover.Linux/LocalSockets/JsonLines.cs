using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Linux.LocalSockets;

/// <summary>Messages of a local socket, one JSON document a line, as they come from one connection.</summary>
/// <param name="longest">Bytes of one line; a bound on what a stray client makes us hold.</param>
public sealed class JsonLines(Stream stream, int longest)
{
    private byte[] _buffer = new byte[4096];
    private int _length;

    public async Task WriteAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        await stream.WriteAsync((byte[])[.. json, (byte)'\n'], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads up to a line end and parses it. Null at the stream's end.</summary>
    /// <exception cref="JsonException">The line is not such a message; the next one can be read.</exception>
    /// <exception cref="IOException">The stream ended within a line, or the line is too long.</exception>
    public async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var end = await FindEndAsync(cancellationToken).ConfigureAwait(false);
        return end < 0 ? null : Take(end, type);
    }

    /// <summary>Takes the next line if it is a Hello. Null: it is another one, which stays, or the stream's end.</summary>
    internal async Task<HelloRequest?> TryReadHelloAsync(CancellationToken cancellationToken)
    {
        var end = await FindEndAsync(cancellationToken).ConfigureAwait(false);
        if (end is < 0 or > HelloRequest.Longest || HelloRequest.TryParse(_buffer.AsSpan(0, end)) is not { } hello)
            return null;
        Drop(end);
        return hello;
    }

    /// <summary>Where the next line ends in the buffer; -1 at the stream's end.</summary>
    private async Task<int> FindEndAsync(CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var end = _buffer.AsSpan(searched.._length).IndexOf((byte)'\n');
            if (end >= 0)
                return searched + end;
            searched = _length;
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, Grow(_length));
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return _length == 0 ? -1 : throw new IOException("the connection ended within a message");
            _length += read;
        }
    }

    private T Take<T>(int end, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(0, end), type) ?? throw new JsonException("an object was expected");
        }
        finally
        {
            Drop(end);
        }
    }

    private void Drop(int end)
    {
        _buffer.AsSpan((end + 1).._length).CopyTo(_buffer);
        _length -= end + 1;
    }

    private int Grow(int length) => length < longest ? length * 2 : throw new IOException($"a message is longer than {longest} bytes");
}
