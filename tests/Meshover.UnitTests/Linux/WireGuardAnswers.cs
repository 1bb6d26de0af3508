using System.Buffers.Binary;

namespace Meshover.UnitTests.Linux;

/// <summary>What the kernel answers about WireGuard, by linux/genetlink.h and linux/wireguard.h.</summary>
internal static class WireGuardAnswers
{
    internal const string Key1 = "1111111111111111111111111111111111111111111111111111111111111111";
    internal const string Key2 = "2222222222222222222222222222222222222222222222222222222222222222";
    internal const string Key3 = "3333333333333333333333333333333333333333333333333333333333333333";

    /// <summary>CTRL_CMD_NEWFAMILY: the family "wireguard" has the number 0x20.</summary>
    internal static byte[] Family => Message(0x10, 0,
        "01 02 0000" + "0e00 0200 77697265 67756172 6400 0000" + "0600 0100 2000 0000" + "0800 0300 01000000");

    /// <summary>
    /// The first message of a dump: the device, a peer with a preshared key, an IPv4 endpoint, a handshake and two of its three allowed
    /// IPs, and NLM_F_MULTI.
    /// </summary>
    internal static byte[] FirstPiece => Message(0x20, 2,
        "00 01 0000"
        + "0600 0600 7032 0000"
        + "0800 0700 6d000000"
        + "0800 0100 05000000"
        + "0e00 0200 6d657368 6f766572 3000 0000"
        + $"2400 0300 {Key3}"
        + $"2400 0400 {Key1}"
        + "e800 0880"
        + "e400 0080"
        + $"2400 0100 {Key1}"
        + $"2400 0200 {Key3}"
        + "1400 0600 15cd5b0700000000 0065cd1d00000000"
        + "0600 0500 1900 0000"
        + "0c00 0800 e803000000000000"
        + "0c00 0700 d007000000000000"
        + "0800 0a00 01000000"
        + "1400 0400 0200 3270 c0000207 0000000000000000"
        + "4800 0980"
        + "1c00 0080 0600 0100 0200 0000 0500 0300 20 000000 0800 0200 c6120007"
        + "2800 0080 0600 0100 0a00 0000 0500 0300 20 000000 1400 0200 20010db8000000000000000000000000");

    /// <summary>The second: the rest of that peer, and one that was never heard, with an IPv6 endpoint.</summary>
    internal static byte[] SecondPiece => Message(0x20, 2,
        "00 01 0000"
        + "d000 0880"
        + "4800 0080"
        + $"2400 0100 {Key1}"
        + "2000 0980 1c00 0080 0600 0100 0200 0000 0500 0300 08 000000 0800 0200 0a000000"
        + "8400 0080"
        + $"2400 0100 {Key2}"
        + "1400 0600 0000000000000000 0000000000000000"
        + "0600 0500 0000 0000"
        + "0c00 0800 0000000000000000"
        + "0c00 0700 0000000000000000"
        + "0800 0a00 01000000"
        + "2000 0400 0a00 ca6c 00000000 fe800000000000000000000000000009 05000000");

    internal static byte[] Done => Message(3, 2, "00000000");

    private static byte[] Message(ushort type, ushort flags, string payload)
    {
        var body = Convert.FromHexString(payload.Replace(" ", "", StringComparison.Ordinal));
        var message = new byte[16 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), flags);
        body.CopyTo(message, 16);
        return message;
    }
}
