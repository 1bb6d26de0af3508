using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using Meshover.Mesh.Trust;

namespace Meshover.Bench.Streams;

/// <summary>
/// One gRPC stream on one connection, in as much of HTTP/2 (RFC 9113) as that takes. A whole client would cost several times what the
/// controller does, on the same processors. While nothing comes it holds no buffer.
/// </summary>
internal sealed class Http2Stream(SslStream connection) : IAsyncDisposable
{
    /// <summary>As much of a message as is looked at: its beginning says which revision it is.</summary>
    public const int HeadLength = 1024;

    private const int Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const int EndStream = 1, Ack = 1, EndHeaders = 4;
    private const int FrameHead = 9, MessageHead = 5;
    private const int InitialWindow = 4; // a setting's number
    private const int Connection = 0, Only = 1; // stream numbers
    private const int ReadLength = 32 * 1024;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly byte[] _head = new byte[MessageHead + HeadLength];
    private int _inHead;
    private long _missing; // of a message, behind its head

    /// <summary>Opens the call.</summary>
    /// <param name="path">Its method.</param>
    /// <param name="window">How many bytes the other end may send before it is allowed more, which it never is.</param>
    /// <param name="ct">Gives up.</param>
    public Task BeginAsync(string path, int window, CancellationToken ct)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> setting = [0, InitialWindow, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(setting[2..], window);
        WriteFrame(bytes, Settings, 0, Connection, setting);
        Span<byte> more = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(more, int.MaxValue - ushort.MaxValue);
        WriteFrame(bytes, WindowUpdate, 0, Connection, more);
        WriteFrame(bytes, Headers, EndHeaders, Only, HeadersOf(path));
        return SendAsync(bytes.WrittenMemory, ct);
    }

    public Task SendMessageAsync(byte[] message, CancellationToken ct)
    {
        Span<byte> prefix = stackalloc byte[MessageHead];
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.Length);
        var bytes = new ArrayBufferWriter<byte>(FrameHead + MessageHead + message.Length);
        WriteFrame(bytes, Data, 0, Only, [.. prefix, .. message]);
        return SendAsync(bytes.WrittenMemory, ct);
    }

    /// <summary>Reads until the other end is done with the call.</summary>
    /// <param name="onMessage">Called with the beginning of each message once it is there whole.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task ReadAsync(Action<ReadOnlySpan<byte>> onMessage, CancellationToken ct)
    {
        // To read nothing takes until there is something, or the end.
        while (await connection.ReadAsync(Memory<byte>.Empty, ct) == 0)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(ReadLength);
            try
            {
                if (await ReadFramesAsync(buffer, onMessage, ct))
                    return;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        _turn.Dispose();
    }

    // Reads what is there, to the end of a frame. True: the call has ended.
    private async ValueTask<bool> ReadFramesAsync(byte[] buffer, Action<ReadOnlySpan<byte>> onMessage, CancellationToken ct)
    {
        for (var held = 0; ;)
        {
            var read = await connection.ReadAsync(buffer.AsMemory(held), ct);
            if (read == 0)
                throw new EndOfStreamException("The controller closed the connection.");
            held += read;
            var done = 0;
            while (held - done >= FrameHead && FrameLength(buffer, done) is var length && held - done >= FrameHead + length)
            {
                var (type, flags) = (buffer[done + 3], buffer[done + 4]);
                if (await TakeAsync(type, flags, buffer.AsMemory(done + FrameHead, length), onMessage, ct))
                    return true;
                done += FrameHead + length;
            }
            held -= done;
            if (held == 0)
                return false;
            buffer.AsSpan(done, held).CopyTo(buffer);
        }
    }

    private async ValueTask<bool> TakeAsync(int type, int flags, ReadOnlyMemory<byte> payload, Action<ReadOnlySpan<byte>> onMessage, CancellationToken ct)
    {
        if (type == Data)
            TakeData(payload.Span, onMessage);
        else if (type is Settings or Ping && (flags & Ack) == 0)
            await SendAsync(FrameOf(type, Ack, Connection, type == Ping ? payload.Span : []), ct);
        return type is Reset or GoAway || (type is Data or Headers && (flags & EndStream) != 0);
    }

    private void TakeData(ReadOnlySpan<byte> data, Action<ReadOnlySpan<byte>> onMessage)
    {
        while (data.Length > 0)
        {
            data = data[TakeHead(data)..];
            var skipped = (int)Math.Min(_missing, data.Length);
            _missing -= skipped;
            data = data[skipped..];
            if (_inHead < MessageHead || _missing > 0 || _inHead < WantedHead())
                continue;
            onMessage(_head.AsSpan(MessageHead, _inHead - MessageHead));
            _inHead = 0;
        }
    }

    // How much of it belongs to a message's head.
    private int TakeHead(ReadOnlySpan<byte> data)
    {
        var taken = 0;
        while (taken < data.Length && _inHead < WantedHead())
        {
            var part = Math.Min(WantedHead() - _inHead, data.Length - taken);
            data.Slice(taken, part).CopyTo(_head.AsSpan(_inHead));
            (_inHead, taken) = (_inHead + part, taken + part);
            if (_inHead == MessageHead)
                _missing = Math.Max(0, MessageLength() - HeadLength);
        }
        return taken;
    }

    private int WantedHead() => _inHead < MessageHead ? MessageHead : MessageHead + Math.Min(MessageLength(), HeadLength);

    private int MessageLength() => BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(1));

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await connection.WriteAsync(bytes, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static int FrameLength(byte[] buffer, int at) => (buffer[at] << 16) | (buffer[at + 1] << 8) | buffer[at + 2];

    private static ReadOnlyMemory<byte> FrameOf(int type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        var bytes = new ArrayBufferWriter<byte>(FrameHead + payload.Length);
        WriteFrame(bytes, type, flags, stream, payload);
        return bytes.WrittenMemory;
    }

    private static void WriteFrame(ArrayBufferWriter<byte> to, int type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[FrameHead];
        BinaryPrimitives.WriteInt32BigEndian(head, payload.Length << 8);
        (head[3], head[4]) = ((byte)type, (byte)flags);
        BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
        to.Write(head);
        to.Write(payload);
    }

    // HPACK (RFC 7541, section 6.2.2): literals with a new name, without a table and without Huffman's code.
    private static byte[] HeadersOf(string path)
    {
        var bytes = new List<byte>();
        foreach (var (name, value) in new[]
        {
            (":method", "POST"), (":scheme", "https"), (":path", path), (":authority", ContractRevision.ServerName),
            ("content-type", "application/grpc"), ("te", "trailers"),
        })
        {
            bytes.Add(0);
            foreach (var text in (string[])[name, value])
                bytes.AddRange([(byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);
        }
        return [.. bytes];
    }
}
