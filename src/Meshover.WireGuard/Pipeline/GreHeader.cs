using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The 24 bytes in front of a link's packets: IPv4 (protocol 47) between the tunnel addresses and GRE (RFC 2784) without checksum, key or
/// sequence number, as Linux's <c>gre</c> device writes and takes them.
/// <code>
/// | IPv4: 45 tos length id flags ttl 47 checksum source destination | GRE: 00 00, ethertype 0800 or 86dd |
/// </code>
/// </summary>
/// <remarks>
/// Outgoing headers carry DF, and identification 0 where Linux counts (RFC 6864: an atomic datagram needs none): inside the tunnel nothing
/// may fragment them. The TOS field is <see cref="OuterClass"/>.
/// </remarks>
internal sealed unsafe class GreHeader : IDisposable
{
    public const int Length = IpHeader.V4MinimumLength + 4;

    private const int Flags = IpHeader.V4MinimumLength;
    private const int EtherType = Flags + 2;
    private const ushort EtherTypeV4 = 0x0800;
    private const ushort EtherTypeV6 = 0x86dd;
    private const byte VersionAndLength = 0x45;
    private const byte TimeToLive = 64;

    private readonly byte* _template = (byte*)NativeMemory.AllocZeroed(Length);
    private readonly ulong _sum;

    // As they lie in memory: the addresses of what comes in.
    private readonly uint _remote;
    private readonly uint _local;

    /// <param name="local">Our tunnel address; IPv4.</param>
    /// <param name="remote">The peer's.</param>
    public GreHeader(IPAddress local, IPAddress remote)
    {
        _template[0] = VersionAndLength;
        IpHeader.Write16(_template + IpHeader.V4Fragment, IpHeader.V4DontFragment);
        _template[IpHeader.V4TimeToLive] = TimeToLive;
        _template[IpHeader.V4Protocol] = IpHeader.ProtocolGre;
        local.TryWriteBytes(new Span<byte>(_template + IpHeader.V4Source, 4), out _);
        remote.TryWriteBytes(new Span<byte>(_template + IpHeader.V4Destination, 4), out _);
        _local = *(uint*)(_template + IpHeader.V4Source);
        _remote = *(uint*)(_template + IpHeader.V4Destination);
        _sum = Checksum.Add(_template, IpHeader.V4MinimumLength);
    }

    /// <summary>Writes the header in front of an inner IP packet that is already there.</summary>
    public void Write(byte* header, int innerLength)
    {
        new ReadOnlySpan<byte>(_template, Length).CopyTo(new Span<byte>(header, Length));
        IpHeader.Write16(header + IpHeader.V4TotalLength, Length + innerLength);
        header[1] = (byte)OuterClass.OfLinkPacket(header + Length);
        var sum = _sum + *(ushort*)(header + IpHeader.V4TotalLength) + ((ulong)header[1] << 8); // the second byte of a word in memory
        *(ushort*)(header + IpHeader.V4Checksum) = (ushort)~Checksum.Fold(sum);
        IpHeader.Write16(header + EtherType, IpHeader.Version(header + Length) == 4 ? EtherTypeV4 : EtherTypeV6);
    }

    /// <summary>True for GRE from our tunnel address to the peer's. What others forward into the tunnel has no such source.</summary>
    public bool IsWritten(byte* packet) =>
        packet[IpHeader.V4Protocol] == IpHeader.ProtocolGre && IpHeader.Version(packet) == 4
        && *(uint*)(packet + IpHeader.V4Source) == _local && *(uint*)(packet + IpHeader.V4Destination) == _remote;

    /// <summary>True for GRE from the peer's tunnel address to ours: it is this link's, and nobody else's even when malformed.</summary>
    public bool IsOurs(byte* packet) =>
        packet[IpHeader.V4Protocol] == IpHeader.ProtocolGre && IpHeader.Version(packet) == 4
        && *(uint*)(packet + IpHeader.V4Source) == _remote && *(uint*)(packet + IpHeader.V4Destination) == _local;

    /// <summary>
    /// Length of the inner packet, which starts at <see cref="Length"/>; 0 if anything is not as it must be: no options, no fragment, a
    /// right header checksum, GRE version 0 without options, an ethertype that is the inner packet's version, and an inner length that is
    /// its own.
    /// </summary>
    public static int InnerLength(byte* packet, int length)
    {
        if (length < Length + IpHeader.V4MinimumLength || packet[0] != VersionAndLength || *(ushort*)(packet + Flags) != 0
            || (IpHeader.Read16(packet + IpHeader.V4Fragment) & IpHeader.V4FragmentMask) != 0
            || Checksum.Fold(Checksum.Add(packet, IpHeader.V4MinimumLength)) != 0xffff)
            return 0;
        var version = BinaryPrimitives.ReverseEndianness(*(ushort*)(packet + EtherType)) switch
        {
            EtherTypeV4 => 4,
            EtherTypeV6 => 6,
            _ => -1,
        };
        var inner = packet + Length;
        return version == IpHeader.Version(inner) ? IpHeader.PacketLength(inner, length - Length) : 0;
    }

    public void Dispose() => NativeMemory.Free(_template);
}
