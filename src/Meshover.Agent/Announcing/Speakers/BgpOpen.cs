using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>What a side says of itself when a session begins (RFC 4271 section 4.2, RFC 5492).</summary>
/// <param name="As">Of four bytes where both sides know such (RFC 6793).</param>
/// <param name="HoldTime">In seconds; 0: no keepalives.</param>
/// <param name="RouterId">Never 0.0.0.0.</param>
internal sealed record BgpOpen(Asn As, ushort HoldTime, IPAddress RouterId)
{
    private const byte Version = 4;
    private const ushort AsTrans = 23456;
    private const byte Capabilities = 2;
    private const byte ExtendedLength = 255;
    private const int FixedLength = 10;

    private const byte Multiprotocol = 1;
    private const byte RouteRefresh = 2;
    private const byte GracefulRestart = 64;
    private const byte FourByteAs = 65;

    /// <summary>For how long what it told of a family holds while it restarts (RFC 4724); a family that is not there is taken back at once.</summary>
    public ImmutableDictionary<AddressFamily, TimeSpan> Restarts { get; init; } = ImmutableDictionary<AddressFamily, TimeSpan>.Empty;

    /// <summary>
    /// The body of our own. Graceful restart is offered for no family: nothing is forwarded for the speaker, but it marks the end of what it tells, and what
    /// it told is kept while it restarts (RFC 4724 section 4.2).
    /// </summary>
    public byte[] Write()
    {
        var as4 = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(as4, As.Value);
        byte[] capabilities =
        [
            Multiprotocol, 4, 0, BgpFamily.IPv4, 0, BgpFamily.Unicast,
            Multiprotocol, 4, 0, BgpFamily.IPv6, 0, BgpFamily.Unicast,
            RouteRefresh, 0,
            GracefulRestart, 2, 0, 0,
            FourByteAs, 4, .. as4,
        ];
        var body = new byte[FixedLength];
        body[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(1), As.Value > ushort.MaxValue ? AsTrans : (ushort)As.Value);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(3), HoldTime);
        RouterId.TryWriteBytes(body.AsSpan(5), out _);
        body[9] = (byte)(capabilities.Length + 2);
        return [.. body, Capabilities, (byte)capabilities.Length, .. capabilities];
    }

    /// <exception cref="BgpException">It cannot be accepted.</exception>
    public static BgpOpen Read(ReadOnlySpan<byte> body)
    {
        if (body[0] != Version)
            throw BgpException.Open(1, $"it speaks version {body[0]} of BGP");
        var open = new BgpOpen(new Asn(BinaryPrimitives.ReadUInt16BigEndian(body[1..])), BinaryPrimitives.ReadUInt16BigEndian(body[3..]), new IPAddress(body[5..9]));
        if (open.HoldTime is 1 or 2)
            throw BgpException.Open(6, $"its hold time is {open.HoldTime} s, and at least 3 s are needed");
        if (open.RouterId.Equals(IPAddress.Any))
            throw BgpException.Open(3, "its router id is 0.0.0.0");
        open = Parameters(body, open);
        return open.As.Value != 0 ? open : throw BgpException.Open(2, "its AS number is 0");
    }

    private static BgpOpen Parameters(ReadOnlySpan<byte> body, BgpOpen open)
    {
        var rest = body[FixedLength..];
        // RFC 9072: lengths of two bytes.
        var isExtended = body[FixedLength - 1] == ExtendedLength && rest.Length >= 3 && rest[0] == ExtendedLength;
        int length = isExtended ? BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) : body[FixedLength - 1];
        rest = isExtended ? rest[3..] : rest;
        if (length != rest.Length)
            throw BgpException.Open(0, "the lengths in its OPEN disagree");
        while (!rest.IsEmpty)
        {
            var type = rest[0];
            var value = Take(ref rest, isExtended);
            if (type == Capabilities)
                open = Capable(value, open);
        }
        return open;
    }

    private static BgpOpen Capable(ReadOnlySpan<byte> rest, BgpOpen open)
    {
        while (!rest.IsEmpty)
        {
            var code = rest[0];
            var value = Take(ref rest, isExtended: false);
            if (code == FourByteAs && value.Length == 4)
                open = open with { As = new Asn(BinaryPrimitives.ReadUInt32BigEndian(value)) };
            else if (code == GracefulRestart && value.Length >= 2)
                open = open with { Restarts = RestartsOf(value) };
        }
        return open;
    }

    // Flags (4 bits), seconds (12 bits), and for each family its two numbers and flags. Whoever only helps others names none.
    private static ImmutableDictionary<AddressFamily, TimeSpan> RestartsOf(ReadOnlySpan<byte> value)
    {
        var restarts = ImmutableDictionary<AddressFamily, TimeSpan>.Empty;
        var time = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt16BigEndian(value) & 0xfff);
        for (var rest = value[2..]; rest.Length >= 4; rest = rest[4..])
        {
            if (BgpFamily.Of(rest) is { } family)
                restarts = restarts.SetItem(family, time);
        }
        return restarts;
    }

    /// <summary>The value of the first, which has a type, a length and that; the rest begins behind it.</summary>
    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, bool isExtended)
    {
        var head = isExtended ? 3 : 2;
        if (rest.Length < head)
            throw BgpException.Open(0, "its OPEN ends within a parameter");
        int length = isExtended ? BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) : rest[1];
        if (rest.Length < head + length)
            throw BgpException.Open(0, "its OPEN ends within a parameter");
        var value = rest.Slice(head, length);
        rest = rest[(head + length)..];
        return value;
    }
}

/// <summary>Numbers of families (RFC 4760, IANA's registries).</summary>
internal static class BgpFamily
{
    public const byte IPv4 = 1;
    public const byte IPv6 = 2;
    public const byte Unicast = 1;

    /// <param name="numbers">Two bytes of the address family, one of the subsequent one.</param>
    /// <returns>Null: another one than the two unicast ones.</returns>
    public static AddressFamily? Of(ReadOnlySpan<byte> numbers) => (numbers[0], numbers[1], numbers[2]) switch
    {
        (0, IPv4, Unicast) => AddressFamily.InterNetwork,
        (0, IPv6, Unicast) => AddressFamily.InterNetworkV6,
        _ => null,
    };
}
