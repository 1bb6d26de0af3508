using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Processes;
using Xunit;

namespace Meshover.UnitTests.Linux;

public sealed class PortOwnerTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Find_UdpPortOfOurs_IsThisProcess(string address)
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Parse(address), 0));
        var port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
        Assert.Equal(Environment.ProcessId, PortOwner.Find(ProtocolType.Udp, port)?.Pid);
        Assert.EndsWith($" (process {Environment.ProcessId})", PortOwner.Describe(ProtocolType.Udp, port), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_TcpPort_IsWhoListensThereAndNotWhoIsConnectedFromThere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        Assert.Equal(Environment.ProcessId, PortOwner.Find(ProtocolType.Tcp, ((IPEndPoint)listener.LocalEndpoint).Port)?.Pid);
        Assert.Null(PortOwner.Find(ProtocolType.Tcp, ((IPEndPoint)client.Client.LocalEndPoint!).Port));
    }

    [Fact]
    public void Describe_PortThatNobodyHas_SaysHowToFindOut()
    {
        int free;
        using (var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
            free = ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
        Assert.Equal("another program (`ss -lunp` shows which)", PortOwner.Describe(ProtocolType.Udp, free));
    }
}
