using System.Text;

namespace Meshover.WireGuard.Uapi;

/// <summary>The requests of one connection: lines up to an empty one.</summary>
internal sealed class UapiReader(Stream stream)
{
    /// <summary>A bound on what a client makes us hold; `wg setconf` with 10,000 peers stays far below it.</summary>
    public const int MaxBytes = 16 << 20;

    private byte[] _buffer = new byte[4096];
    private int _length;
    private int _scanned;

    /// <summary>The next request without its empty line; null at the end of the stream, also within a request.</summary>
    /// <exception cref="IOException">A request is longer than <see cref="MaxBytes"/>, or the connection failed.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (FindEnd() is var end and >= 0)
                return Take(end);
            if (_length == MaxBytes)
                throw new IOException($"a request is longer than {MaxBytes} bytes");
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, MaxBytes));
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
                return null;
            _length += read;
        }
    }

    // Where the empty line begins; -1 while it is not there.
    private int FindEnd()
    {
        for (; _scanned < _length; _scanned++)
        {
            if (_buffer[_scanned] == '\n' && (_scanned == 0 || _buffer[_scanned - 1] == '\n'))
                return _scanned;
        }
        return -1;
    }

    private string Take(int end)
    {
        var request = Encoding.UTF8.GetString(_buffer, 0, end);
        _buffer.AsSpan((end + 1).._length).CopyTo(_buffer);
        _length -= end + 1;
        _scanned = 0;
        return request;
    }
}
