using System.Net;
using Meshover.WireGuard.Io;

namespace Meshover.UnitTests.WireGuard.Io;

public sealed unsafe class UdpAddressTests
{
    [Theory]
    [InlineData("192.0.2.1:12912", 16)]
    [InlineData("[2001:db8::1]:51820", 28)]
    [InlineData("[fe80::1%3]:1", 28)]
    public void ToEndPoint_OfAnEndPoint_IsTheSame(string text, int length)
    {
        var address = new UdpAddress(IPEndPoint.Parse(text));
        Assert.Equal(IPEndPoint.Parse(text), address.ToEndPoint());
        Assert.Equal(length, address.Length);
    }

    [Fact]
    public void Pointer_OfIpv4_IsASockaddrIn()
    {
        var address = new UdpAddress(IPEndPoint.Parse("192.0.2.1:12912"));
        Assert.Equal("02003270c0000201", Convert.ToHexStringLower(new ReadOnlySpan<byte>(address.Pointer, 8)));
    }

    [Theory]
    [InlineData("192.0.2.1:1", "192.0.2.1:1", true)]
    [InlineData("192.0.2.1:1", "192.0.2.1:2", false)]
    [InlineData("192.0.2.1:1", "192.0.2.2:1", false)]
    [InlineData("[fd00::1]:1", "[fd00::1]:1", true)]
    [InlineData("[fd00::1]:1", "[fd00::2]:1", false)]
    [InlineData("[fe80::1%1]:1", "[fe80::1%2]:1", false)]
    [InlineData("192.0.2.1:1", "[fd00::1]:1", false)]
    public void Matches_AnotherAddress_OnlyIfEqual(string left, string right, bool expected) =>
        Assert.Equal(expected, new UdpAddress(IPEndPoint.Parse(left)).Matches(new UdpAddress(IPEndPoint.Parse(right)).Pointer));

    [Fact]
    public void WriteIdentity_IsAddressAndPortInNetworkOrder()
    {
        var identity = new byte[UdpAddress.MaxLength];
        var raw = new ReadOnlySpan<byte>(new UdpAddress(IPEndPoint.Parse("192.0.2.1:12912")).Pointer, UdpAddress.MaxLength);
        Assert.Equal(6, UdpAddress.WriteIdentity(raw, identity));
        Assert.Equal("c00002013270", Convert.ToHexStringLower(identity[..6]));
    }
}
