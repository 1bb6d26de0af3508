using System.Net;
using System.Net.Sockets;
using Meshover.Metrics;
using Xunit;

namespace Meshover.UnitTests.Metrics;

public sealed class ScrapeSocketTests
{
    [Theory]
    [InlineData("192.0.2.77")] // documentation addresses, which no machine has (RFC 5737, RFC 3849)
    [InlineData("2001:db8::77")]
    public void Bind_AddressThatTheMachineDoesNotHaveYet_Succeeds(string address)
    {
        using var socket = ScrapeSocket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        socket.Listen();
    }

    [Fact]
    public async Task Bind_AllOfIpv6_TakesIpv4Too()
    {
        using var socket = ScrapeSocket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        socket.Listen();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port);
        Assert.True(client.Connected);
    }
}
