using System.Buffers.Binary;
using Meshover.Linux.Netlink;

namespace Meshover.UnitTests.Linux;

/// <summary>Answers each request with the datagrams prepared for it, stamped with its sequence number, and keeps the requests.</summary>
internal sealed class FakeNetlinkTransport : INetlinkTransport
{
    private readonly Queue<byte[][]> _answers = new();
    private readonly Queue<byte[]> _waiting = new();

    internal List<byte[]> Requests { get; } = [];

    internal bool IsDisposed { get; private set; }

    /// <summary>The answer to the next request that has none yet.</summary>
    internal FakeNetlinkTransport Answer(params byte[][] datagrams)
    {
        _answers.Enqueue(datagrams);
        return this;
    }

    public void Send(ReadOnlySpan<byte> datagram)
    {
        Requests.Add(datagram.ToArray());
        var sequence = BinaryPrimitives.ReadUInt32LittleEndian(datagram[8..]);
        foreach (var answer in _answers.Dequeue())
            _waiting.Enqueue(Stamp(answer, sequence));
    }

    public int Receive(Span<byte> buffer)
    {
        if (!_waiting.TryDequeue(out var datagram))
            throw new NetlinkException("receive from netlink", "", 11, "nothing more was prepared");
        datagram.CopyTo(buffer);
        return datagram.Length;
    }

    public void Dispose() => IsDisposed = true;

    /// <summary>NLMSG_ERROR; 0 is an acknowledgement.</summary>
    internal static byte[] Error(int errno, byte[]? extendedAttributes = null)
    {
        var message = new byte[36 + (extendedAttributes?.Length ?? 0)];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), (ushort)(extendedAttributes is null ? 0x100 : 0x300));
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(16), -errno);
        extendedAttributes?.CopyTo(message, 36);
        return message;
    }

    private static byte[] Stamp(byte[] datagram, uint sequence)
    {
        var stamped = datagram.ToArray();
        for (var at = 0; at + 12 <= stamped.Length;)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(stamped.AsSpan(at + 8), sequence);
            var length = BinaryPrimitives.ReadInt32LittleEndian(stamped.AsSpan(at));
            if (length < 16)
                break;
            at += (length + 3) & ~3;
        }

        return stamped;
    }
}
