using System.Buffers.Binary;
using System.Text;

namespace Meshover.Bench.Viewers;

// A SignalR hub's binary messages (github.com/dotnet/aspnetcore, src/SignalR/docs/specs/HubProtocol.md, "MessagePack (MsgPack) encoding"):
//   length, 7 bits a byte, the lowest first | a MessagePack array
//   invocation  [1, headers, id or nil, target, [argument…], [stream…]]
//   completion  [3, headers, id, kind, result]     ping [6]     close [7, error, …]
// "blazorpack" is that, with MessagePack's own nil, bool, integers, str, bin, array and map alone (github.com/msgpack/msgpack/blob/master/spec.md).

/// <summary>What a viewer says to the hub.</summary>
internal static class HubMessage
{
    public static readonly byte[] Ping = Framed([0x91, 6]);

    /// <param name="id">Of which a completion comes; null: none is wanted.</param>
    /// <param name="target">The hub's method.</param>
    /// <param name="arguments">long, string, bool or null.</param>
    public static byte[] Invocation(string? id, string target, params object?[] arguments)
    {
        var content = new List<byte> { 0x96, 1, 0x80 };
        Write(content, id);
        Write(content, target);
        WriteLength(content, 0x90, 15, 0xdc, arguments.Length);
        foreach (var argument in arguments)
            Write(content, argument);
        content.Add(0x90);
        return Framed([.. content]);
    }

    private static byte[] Framed(byte[] content)
    {
        var framed = new List<byte>(content.Length + 5);
        var length = (uint)content.Length;
        do
        {
            framed.Add((byte)((length & 0x7f) | (length > 0x7f ? 0x80u : 0)));
            length >>= 7;
        }
        while (length > 0);
        framed.AddRange(content);
        return [.. framed];
    }

    private static void Write(List<byte> to, object? value)
    {
        switch (value)
        {
            case null:
                to.Add(0xc0);
                break;
            case bool yes:
                to.Add(yes ? (byte)0xc3 : (byte)0xc2);
                break;
            case long number:
                to.Add(0xd3);
                var bytes = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(bytes, number);
                to.AddRange(bytes);
                break;
            case string text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                to.Add(0xdb);
                var length = new byte[4];
                BinaryPrimitives.WriteInt32BigEndian(length, utf8.Length);
                to.AddRange(length);
                to.AddRange(utf8);
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} is not said to a hub.", nameof(value));
        }
    }

    private static void WriteLength(List<byte> to, byte small, int mostSmall, byte large, int length)
    {
        if (length <= mostSmall)
        {
            to.Add((byte)(small | length));
            return;
        }
        to.Add(large);
        to.Add((byte)(length >> 8));
        to.Add((byte)length);
    }
}

/// <summary>Reads what the hub says; bytes may come in any pieces.</summary>
internal sealed class HubReader
{
    private byte[] _held = [];

    /// <summary>The messages that are whole by now: arrays of long, string, bool, byte[], object?[] and null.</summary>
    /// <exception cref="InvalidDataException">It is no such message.</exception>
    public IEnumerable<object?[]> Take(ReadOnlyMemory<byte> piece)
    {
        _held = [.. _held, .. piece.Span];
        var messages = new List<object?[]>();
        var at = 0;
        while (TryLength(_held.AsSpan(at), out var length, out var head) && _held.Length - at - head >= length)
        {
            var from = at + head;
            messages.Add(Read(_held.AsSpan(0, from + length), ref from) as object?[] ?? throw new InvalidDataException("A message of the hub is no array."));
            at += head + length;
        }
        _held = _held[at..];
        return messages;
    }

    private static bool TryLength(ReadOnlySpan<byte> bytes, out int length, out int head)
    {
        (length, head) = (0, 0);
        while (head < bytes.Length && head < 5)
        {
            length |= (bytes[head] & 0x7f) << (7 * head);
            if (bytes[head++] < 0x80)
                return true;
        }
        return false;
    }

    private static object? Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        var kind = bytes[at++];
        switch (kind)
        {
            case <= 0x7f:
                return (long)kind;
            case >= 0xe0:
                return (long)(sbyte)kind;
            case <= 0x8f:
                return Map(bytes, ref at, kind & 0x0f);
            case <= 0x9f:
                return Array(bytes, ref at, kind & 0x0f);
            case <= 0xbf:
                return Text(bytes, ref at, kind & 0x1f);
            case 0xc0:
                return null;
            case 0xc2 or 0xc3:
                return kind == 0xc3;
            case 0xc4 or 0xc5 or 0xc6:
                return Bytes(bytes, ref at, (int)Number(bytes, ref at, 1 << (kind - 0xc4))).ToArray();
            case 0xca or 0xcb:
                at += kind == 0xca ? 4 : 8; // a float: nobody here wants to know it
                return null;
            case >= 0xcc and <= 0xcf:
                return Number(bytes, ref at, 1 << (kind - 0xcc));
            case >= 0xd0 and <= 0xd3:
                return Signed(Number(bytes, ref at, 1 << (kind - 0xd0)), 1 << (kind - 0xd0));
            case 0xd9 or 0xda or 0xdb:
                return Text(bytes, ref at, (int)Number(bytes, ref at, 1 << (kind - 0xd9)));
            case 0xdc or 0xdd:
                return Array(bytes, ref at, (int)Number(bytes, ref at, kind == 0xdc ? 2 : 4));
            case 0xde or 0xdf:
                return Map(bytes, ref at, (int)Number(bytes, ref at, kind == 0xde ? 2 : 4));
            default:
                throw new InvalidDataException($"The hub says a value of the kind 0x{kind:x2}, which blazorpack has not.");
        }
    }

    private static long Number(ReadOnlySpan<byte> bytes, ref int at, int size)
    {
        long number = 0;
        foreach (var one in Bytes(bytes, ref at, size))
            number = (number << 8) | one;
        return number;
    }

    private static long Signed(long number, int size) => size switch { 1 => (sbyte)number, 2 => (short)number, 4 => (int)number, _ => number };

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        if (length < 0 || length > bytes.Length - at)
            throw new InvalidDataException("A message of the hub ends too soon.");
        at += length;
        return bytes.Slice(at - length, length);
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at, int length) => Encoding.UTF8.GetString(Bytes(bytes, ref at, length));

    private static object?[] Array(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        var items = new List<object?>();
        for (var i = 0; i < length; i++)
            items.Add(Read(bytes, ref at));
        return [.. items];
    }

    // Headers, of which there are none.
    private static object? Map(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        for (var i = 0; i < 2 * length; i++)
            Read(bytes, ref at);
        return null;
    }
}
