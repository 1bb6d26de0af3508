using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net.Dns;

namespace Meshover.Names.Serving;

/// <summary>
/// Questions by UDP, for the library's server. Not its own transport: that one cannot bind an address that comes later, and turns in circles where a
/// socket fails again and again.
/// </summary>
internal sealed class UdpTransport(IPEndPoint endpoint, TimeProvider time) : IServerTransport
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _buffer = new byte[Header.LongestQuestion + 1];
    private readonly EndPoint _any = new IPEndPoint(endpoint.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
    private Socket? _socket;

    public ushort DefaultAllowedResponseSize => 512;

    public bool SupportsMultipleResponses => false;

    public bool AllowTruncatedResponses => true;

    public TransportProtocol TransportProtocol => TransportProtocol.Udp;

    public void Bind() => _socket = ListenSocket.Bind(endpoint, SocketType.Dgram);

    public void Close() => _socket?.Dispose();

    public void Dispose() => Close();

    public async Task<IServerConnection?> AcceptConnectionAsync(CancellationToken token = default)
    {
        try
        {
            var received = await _socket!.ReceiveFromAsync(_buffer, SocketFlags.None, _any, token);
            var message = _buffer.AsSpan(0, received.ReceivedBytes);
            return Header.IsQuestion(message) ? new Question(this, Package(message, (IPEndPoint)received.RemoteEndPoint)) : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.Delay(AfterFailure, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
        catch (Exception)
        {
            return null; // it was cancelled, or what came is no message
        }
    }

    private DnsReceivedRawPackage Package(ReadOnlySpan<byte> message, IPEndPoint from)
    {
        var package = new byte[DnsRawPackage.LENGTH_HEADER_LENGTH + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(package, (ushort)message.Length);
        message.CopyTo(package.AsSpan(DnsRawPackage.LENGTH_HEADER_LENGTH));
        return new DnsReceivedRawPackage(package, from, endpoint);
    }

    /// <summary>One datagram is what the library calls a connection.</summary>
    private sealed class Question(UdpTransport transport, DnsReceivedRawPackage package) : IServerConnection
    {
        public IServerTransport Transport => transport;

        public IPEndPoint RemoteEndPoint => package.RemoteEndpoint;

        public IPEndPoint LocalEndPoint => package.LocalEndpoint;

        public bool CanRead { get; private set; } = true;

        public Task<bool> InitializeAsync(CancellationToken token = default) => Task.FromResult(true);

        public Task<DnsReceivedRawPackage?> ReceiveAsync(CancellationToken token = default)
        {
            CanRead = false;
            return Task.FromResult<DnsReceivedRawPackage?>(package);
        }

        public async Task<bool> SendAsync(DnsRawPackage answer, CancellationToken token = default)
        {
            try
            {
                await transport._socket!.SendToAsync(answer.ToArraySegment(includeLengthHeader: false)[..answer.Length], SocketFlags.None, RemoteEndPoint, token);
                return true;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return false; // whoever asked asks again
            }
        }

        public void Dispose()
        {
        }
    }
}
