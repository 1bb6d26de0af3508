using System.Buffers.Binary;

namespace Meshover.Names.Serving;

/// <summary>
/// What is looked at before the library reads a message: it trusts the counts of the header, takes names of any length, and answers what is signed with what need
/// not fit. So a message is passed on only as resolvers write one: one question, and at most the record of EDNS.
/// </summary>
internal static class Header
{
    /// <summary>A question is a name of at most 255 bytes and some options.</summary>
    public const int LongestQuestion = 1232;

    private const int Length = 12, Flags = 2, Questions = 4, Answers = 6, Authorities = 8, Additionals = 10;
    private const int LongestName = 255, LongestLabel = 63, TypeAndClass = 4;
    private const byte IsResponse = 0x80;

    // RFC 6891, section 6.1.2: the name of the root, type 41, class, TTL, length.
    private const int OptType = 41, OptHeader = 11, OptLengthAt = 9;

    /// <summary>An answer is never answered: two servers of which each takes the other's for a question would go on for ever, at a forger's wish.</summary>
    public static bool IsQuestion(ReadOnlySpan<byte> message)
    {
        if (message.Length is < Length or > LongestQuestion || (message[Flags] & IsResponse) != 0)
            return false;
        if (Count(message, Questions) != 1 || Count(message, Answers) != 0 || Count(message, Authorities) != 0 || Count(message, Additionals) > 1)
            return false;
        var rest = AfterName(message[Length..]);
        if (rest.Length < TypeAndClass)
            return false;
        rest = rest[TypeAndClass..];
        return Count(message, Additionals) == 0 ? rest.IsEmpty : IsOpt(rest);
    }

    private static int Count(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message[at..]);

    /// <summary>Empty where it is no name; the only one of a message has nothing that it could point to.</summary>
    private static ReadOnlySpan<byte> AfterName(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length && at < LongestName; at += bytes[at] + 1)
        {
            if (bytes[at] > LongestLabel)
                return [];
            if (bytes[at] == 0)
                return bytes[(at + 1)..];
        }
        return [];
    }

    private static bool IsOpt(ReadOnlySpan<byte> record) =>
        record.Length >= OptHeader && record[0] == 0 && BinaryPrimitives.ReadUInt16BigEndian(record[1..]) == OptType
        && record.Length == OptHeader + BinaryPrimitives.ReadUInt16BigEndian(record[OptLengthAt..]);
}
