using System.Net;
using System.Net.Sockets;
using CsCheck;
using Meshover.Agent.Announcing.Speakers;
using Meshover.Mesh.Identity;

namespace Meshover.UnitTests.Agent.Announcing.Speakers;

public sealed class BgpMessageTests
{
    private static readonly byte[] Marker = [.. Enumerable.Repeat((byte)0xff, 16)];
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public void Open_WrittenAndRead_IsTheSame()
    {
        var open = BgpOpen.Read(new BgpOpen(new Asn(4_200_000_001), 90, IPAddress.Parse("10.249.0.1")).Write());
        Assert.Equal((new Asn(4_200_000_001), (ushort)90, "10.249.0.1"), (open.As, open.HoldTime, open.RouterId.ToString()));
        Assert.Empty(open.Restarts); // as BIRD, which only helps others to restart, says it too
    }

    [Fact]
    public void Open_OfAnOldSpeaker_HasItsShortNumber()
    {
        var open = BgpOpen.Read([4, 0xfd, 0xe9, 0, 180, 192, 0, 2, 1, 0]);
        Assert.Equal((new Asn(65001), (ushort)180), (open.As, open.HoldTime));
        Assert.Empty(open.Restarts);
    }

    [Fact]
    public void Open_RestartTime_IsOfTwelveBits() =>
        Assert.Equal([KeyValuePair.Create(AddressFamily.InterNetwork, TimeSpan.FromSeconds(0x178))], BgpOpen.Read([4, 0xfd, 0xe9, 0, 0, 192, 0, 2, 1, 10, 2, 8, 64, 6, 0x81, 0x78, 0, 1, 1, 0x80]).Restarts);

    [Fact]
    public void Open_ExtendedParameters_AreRead() => // RFC 9072
        Assert.Equal(new Asn(70000), BgpOpen.Read([4, 0x5b, 0xa0, 0, 90, 192, 0, 2, 1, 255, 255, 0, 9, 2, 0, 6, 65, 4, 0, 1, 0x11, 0x70]).As);

    [Theory]
    [InlineData(1, (byte)3, (byte)0xfd, (byte)0xe9, (byte)0, (byte)90, (byte)1, (byte)0)] // version 3
    [InlineData(6, (byte)4, (byte)0xfd, (byte)0xe9, (byte)0, (byte)2, (byte)1, (byte)0)] // hold time of 2 s
    [InlineData(3, (byte)4, (byte)0xfd, (byte)0xe9, (byte)0, (byte)90, (byte)0, (byte)0)] // router id 0.0.0.0
    [InlineData(2, (byte)4, (byte)0, (byte)0, (byte)0, (byte)90, (byte)1, (byte)0)] // AS 0
    [InlineData(0, (byte)4, (byte)0xfd, (byte)0xe9, (byte)0, (byte)90, (byte)1, (byte)7)] // lengths disagree
    public void Open_ThatCannotBe_IsRefusedWithItsSubcode(byte subcode, byte version, byte high, byte low, byte holdHigh, byte holdLow, byte id, byte length)
    {
        var refused = Assert.Throws<BgpException>(() => BgpOpen.Read([version, high, low, holdHigh, holdLow, id, 0, 0, 0, length]));
        Assert.Equal(((byte)2, subcode), (refused.Code, refused.Subcode));
    }

    [Fact]
    public void Update_OfBothFamilies_IsRead()
    {
        var update = BgpUpdate.Read(
        [
            0, 4, 24, 10, 1, 2, // withdrawn
            0, 31,
            0x40, 1, 1, 0, // ORIGIN
            0x80, 15, 7, 0, 2, 1, 24, 0xfd, 0, 1, // MP_UNREACH fd00:100::/24
            0x90, 14, 0, 13, 0, 2, 1, 4, 9, 9, 9, 9, 0, 16, 0xfd, 0x24, 0, // MP_REACH fd24::/16, and ::/0
            20, 10, 244, 31, // 10.244.16.0/20, with bits beyond its length
        ]);
        Assert.Equal(["10.1.2.0/24", "fd00:100::/24"], update.Withdrawn.Select(prefix => $"{prefix}"));
        Assert.Equal(["fd24::/16", "::/0", "10.244.16.0/20"], update.Announced.Select(prefix => $"{prefix}"));
        Assert.False(update.IsPrivate);
        Assert.Null(update.EndOf);
    }

    [Theory]
    [InlineData(0x01, true)] // NO_EXPORT
    [InlineData(0x02, true)] // NO_ADVERTISE
    [InlineData(0x04, false)]
    public void Update_CommunityThatForbidsToPassItOn_IsSeen(byte last, bool isPrivate) =>
        Assert.Equal(isPrivate, BgpUpdate.Read([0, 0, 0, 11, 0xc0, 8, 8, 0xfd, 0xe9, 0, 1, 0xff, 0xff, 0xff, last, 8, 10]).IsPrivate);

    [Fact]
    public void Update_EndOfFamily_IsSeen()
    {
        Assert.Equal(AddressFamily.InterNetwork, BgpUpdate.Read([0, 0, 0, 0]).EndOf);
        Assert.Equal(AddressFamily.InterNetworkV6, BgpUpdate.Read([0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1]).EndOf);
        Assert.Null(BgpUpdate.Read([0, 0, 0, 6, 0x80, 15, 3, 0, 25, 70]).EndOf); // EVPN's
    }

    [Theory]
    [InlineData(1, (byte)0, (byte)9, (byte)0, (byte)0)] // longer than it is
    [InlineData(1, (byte)0, (byte)0, (byte)0, (byte)9)]
    [InlineData(1, (byte)0, (byte)0, (byte)0, (byte)1, (byte)0x40)] // ends within an attribute
    [InlineData(9, (byte)0, (byte)0, (byte)0, (byte)5, (byte)0x80, (byte)14, (byte)2, (byte)0, (byte)2)]
    [InlineData(10, (byte)0, (byte)0, (byte)0, (byte)0, (byte)33, (byte)1, (byte)2, (byte)3, (byte)4, (byte)5)] // /33
    [InlineData(10, (byte)0, (byte)0, (byte)0, (byte)0, (byte)24, (byte)1)]
    public void Update_Malformed_IsRefusedWithItsSubcode(byte subcode, params byte[] body)
    {
        var refused = Assert.Throws<BgpException>(() => BgpUpdate.Read(body));
        Assert.Equal(((byte)3, subcode), (refused.Code, refused.Subcode));
    }

    [Fact]
    public void Any_Bytes_AreReadOrRefused() => Gen.Byte.Array[4, 64].Sample(bytes =>
    {
        foreach (var read in (Action[])[() => BgpUpdate.Read(bytes), () => BgpOpen.Read([4, .. bytes, 0, 0, 0, 0, 0])])
        {
            try
            {
                read();
            }
            catch (BgpException)
            {
            }
        }
    });

    [Theory]
    [InlineData(2, 18, 4)] // KEEPALIVE too short
    [InlineData(2, 20, 4)]
    [InlineData(2, 4097, 2)]
    [InlineData(3, 19, 9)] // no such type
    public async Task Header_ThatCannotBe_IsRefused(byte subcode, int length, byte type)
    {
        var refused = await Assert.ThrowsAsync<BgpException>(() => BgpMessage.ReadAsync(new MemoryStream([.. Marker, (byte)(length >> 8), (byte)length, type]), _ct));
        Assert.Equal(((byte)1, subcode), (refused.Code, refused.Subcode));
        Assert.Equal(1, (await Assert.ThrowsAsync<BgpException>(() => BgpMessage.ReadAsync(new MemoryStream("GET /index.html HTTP/1.1\r\n\r\n"u8.ToArray()), _ct))).Code);
    }
}
