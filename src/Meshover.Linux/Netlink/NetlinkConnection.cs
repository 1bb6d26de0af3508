using System.Buffers.Binary;
using Meshover.Linux.Interop;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink;

internal delegate void BodyWriter(ref NetlinkWriter writer);

/// <summary>Reads one message of a dump; false leaves it out.</summary>
internal delegate bool MessageParser<T>(NetlinkMessage message, out T item);

/// <summary>
/// Request and answer over one transport, one at a time. An answer is known by its sequence number; whatever an earlier, failed request
/// left behind in the socket is skipped.
/// </summary>
internal sealed class NetlinkConnection(INetlinkTransport transport) : IDisposable
{
    // A dump is interrupted when the table changed under it. Eight times in a row means that something writes without end.
    private const int DumpAttempts = 8;
    private const int RequestBufferSize = 16384;

    private readonly Lock _gate = new();
    private readonly byte[] _request = new byte[RequestBufferSize];
    private readonly byte[] _answer = new byte[NetlinkSocket.ReceiveBufferSize];
    private uint _sequence;

    private string? _unreadable;

    /// <summary>What was wrong with a message of a dump since this was asked last, which was left out; null: nothing.</summary>
    internal string? TakeUnreadable() => Interlocked.Exchange(ref _unreadable, null);

    /// <summary>Sends a change and waits for its acknowledgement.</summary>
    /// <exception cref="NetlinkException">The kernel refused; nothing was changed.</exception>
    internal void Execute(string operation, string target, ushort type, MessageFlags flags, BodyWriter body)
    {
        lock (_gate)
        {
            var sequence = SendRequestLocked(type, flags | MessageFlags.Ack, body);
            while (!TryFindAcknowledgement(ReceiveLocked(), sequence, operation, target))
            {
            }
        }
    }

    /// <summary>Asks for one thing.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    internal T? Query<T>(string operation, string target, ushort type, BodyWriter body, MessageParser<T> parser)
        where T : class
    {
        lock (_gate)
        {
            // The answer comes before the acknowledgement, in the same datagram or in one of its own.
            T? found = null;
            var sequence = SendRequestLocked(type, MessageFlags.Ack, body);
            ReadOnlySpan<byte> datagram;
            do
            {
                datagram = ReceiveLocked();
                found = FindAnswer(datagram, sequence, parser) ?? found;
            }
            while (!TryFindAcknowledgement(datagram, sequence, operation, target));
            return found;
        }
    }

    /// <summary>Reads a whole table, again from the begin if it changed meanwhile (NLM_F_DUMP_INTR).</summary>
    /// <exception cref="NetlinkException">The kernel refused, or the table never stood still.</exception>
    /// <param name="skipsUnreadable">One message that cannot be read is left out, see <see cref="TakeUnreadable"/>; else it fails all.</param>
    internal List<T> Dump<T>(string operation, ushort type, BodyWriter body, MessageParser<T> parser, bool skipsUnreadable = false)
    {
        for (var attempt = 0; attempt < DumpAttempts; attempt++)
        {
            var items = new List<T>();
            lock (_gate)
            {
                NetlinkFormatException? unreadable = null;
                var sequence = SendRequestLocked(type, MessageFlags.Dump, body);
                var isWhole = ReadDumpLocked(sequence, operation, parser, items, ref unreadable);
                _unreadable = unreadable?.Message ?? _unreadable;
                if (unreadable is not null && !skipsUnreadable)
                    throw unreadable;
                if (isWhole)
                    return items;
            }
        }

        throw new NetlinkException(operation, "", Errno.TryAgain, $"the table changed during each of {DumpAttempts} dumps");
    }

    public void Dispose() => transport.Dispose();

    private uint SendRequestLocked(ushort type, MessageFlags flags, BodyWriter body)
    {
        var sequence = ++_sequence;
        var writer = new NetlinkWriter(_request, type, flags | MessageFlags.Request, sequence);
        body(ref writer);
        transport.Send(writer.Finish());
        return sequence;
    }

    private ReadOnlySpan<byte> ReceiveLocked() => _answer.AsSpan(0, transport.Receive(_answer));

    private static bool TryFindAcknowledgement(ReadOnlySpan<byte> datagram, uint sequence, string operation, string target)
    {
        var messages = new NetlinkMessageReader(datagram);
        while (messages.TryRead(out var message))
        {
            if (message.Sequence != sequence || message.Type != MessageType.Error)
                continue;
            ThrowIfError(message, operation, target);
            return true;
        }

        return false;
    }

    private static T? FindAnswer<T>(ReadOnlySpan<byte> datagram, uint sequence, MessageParser<T> parser)
        where T : class
    {
        var messages = new NetlinkMessageReader(datagram);
        while (messages.TryRead(out var message))
        {
            if (message.Sequence == sequence && message.Type > MessageType.Overrun && parser(message, out var answer))
                return answer;
        }

        return null;
    }

    // False: interrupted, to be done again. The rest of an interrupted dump is read all the same, up to its end.
    private bool ReadDumpLocked<T>(uint sequence, string operation, MessageParser<T> parser, List<T> items, ref NetlinkFormatException? unreadable)
    {
        var consistent = true;
        while (true)
        {
            var messages = new NetlinkMessageReader(ReceiveLocked());
            while (messages.TryRead(out var message))
            {
                if (message.Sequence != sequence)
                    continue;
                consistent &= !message.Flags.HasFlag(MessageFlags.DumpInterrupted);
                if (message.Type is MessageType.Done or MessageType.Error)
                {
                    ThrowIfError(message, operation, "");
                    return consistent;
                }

                if (message.Type > MessageType.Overrun && TryParse(message, parser, ref unreadable, out var item))
                    items.Add(item);
            }
        }
    }

    // Whatever comes of it, the rest of the dump must not stay in the socket.
    private static bool TryParse<T>(NetlinkMessage message, MessageParser<T> parser, ref NetlinkFormatException? unreadable, out T item)
    {
        try
        {
            return parser(message, out item);
        }
        catch (NetlinkFormatException error)
        {
            unreadable ??= error;
            item = default!;
            return false;
        }
    }

    // NLMSG_ERROR: struct nlmsgerr { int error; struct nlmsghdr request; }, then attributes if NLM_F_ACK_TLVS is set; with NLM_F_CAPPED
    // the request is its header alone, else all of it. NLMSG_DONE: int error, then attributes. error is 0 or a negative errno.
    private static void ThrowIfError(NetlinkMessage message, string operation, string target)
    {
        if (message.Type == MessageType.Done && message.Payload.Length < 4)
            return;
        var error = BinaryPrimitives.ReadInt32LittleEndian(message.Header(4));
        if (error < 0)
            throw new NetlinkException(operation, target, -error, ReadExtendedAck(message));
    }

    private static string? ReadExtendedAck(NetlinkMessage message)
    {
        const ushort messageAttribute = 1; // NLMSGERR_ATTR_MSG
        if (!((AckFlags)message.Flags).HasFlag(AckFlags.HasAttributes) && message.Type == MessageType.Error)
            return null;
        var attributes = message.Attributes(ExtendedAckOffset(message));
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == messageAttribute)
                return attribute.AsString();
        }

        return null;
    }

    private static int ExtendedAckOffset(NetlinkMessage message)
    {
        if (message.Type == MessageType.Done)
            return 4;
        const int cappedLength = 4 + NetlinkWriter.HeaderLength;
        if (((AckFlags)message.Flags).HasFlag(AckFlags.Capped))
            return cappedLength;
        var echoed = BinaryPrimitives.ReadUInt32LittleEndian(message.Header(cappedLength)[4..]);
        return echoed < NetlinkSocket.ReceiveBufferSize ? 4 + (int)echoed : throw new NetlinkFormatException("an error echoes a request too long to be ours");
    }
}
