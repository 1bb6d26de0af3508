using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net.Dns;

namespace Meshover.Names.Serving;

/// <summary>
/// Questions by TCP (RFC 7766), for the library's server: so many connections at a time, each ended when it is idle. The library's own transport has no
/// such bound, and leaves connections to the garbage collector.
/// </summary>
internal sealed class TcpTransport(IPEndPoint endpoint, TimeProvider time) : IServerTransport
{
    private const int MostConnections = 64, MostOfOneAddress = 8;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<IPAddress, int> _ofAddress = [];
    private readonly SemaphoreSlim _places = new(MostConnections);
    private Socket? _socket;

    public ushort DefaultAllowedResponseSize => ushort.MaxValue;

    public bool SupportsMultipleResponses => true;

    public bool AllowTruncatedResponses => false;

    public TransportProtocol TransportProtocol => TransportProtocol.Tcp;

    public void Bind()
    {
        _socket = ListenSocket.Bind(endpoint, SocketType.Stream);
        _socket.Listen(MostConnections);
    }

    public void Close() => _socket?.Dispose();

    public void Dispose() => Close();

    public async Task<IServerConnection?> AcceptConnectionAsync(CancellationToken token = default)
    {
        try
        {
            await _places.WaitAsync(token);
            return await AcceptAsync(token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<Connection?> AcceptAsync(CancellationToken token)
    {
        try
        {
            var connection = new Connection(this, await _socket!.AcceptAsync(token));
            if (_ofAddress.AddOrUpdate(connection.RemoteEndPoint.Address, 1, (_, count) => count + 1) <= MostOfOneAddress)
                return connection;
            connection.Dispose();
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or OperationCanceledException)
        {
            _places.Release(); // one that is gone already, too
            await Task.Delay(AfterFailure, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
    }

    private sealed class Connection(TcpTransport transport, Socket socket) : IServerConnection
    {
        private readonly NetworkStream _stream = new(socket, ownsSocket: true);
        // One question at a time: who asks and does not read the answers makes nothing pile up here.
        private readonly SemaphoreSlim _answered = new(1);
        private int _isEnded;

        public IServerTransport Transport => transport;

        public IPEndPoint RemoteEndPoint { get; } = (IPEndPoint?)socket.RemoteEndPoint ?? new IPEndPoint(IPAddress.None, 0);

        public IPEndPoint LocalEndPoint { get; } = (IPEndPoint?)socket.LocalEndPoint ?? new IPEndPoint(IPAddress.None, 0);

        public bool CanRead => _isEnded == 0;

        public Task<bool> InitializeAsync(CancellationToken token = default) => Task.FromResult(true);

        /// <summary>Null: that was all. It ends by itself then, after a time in which what is still being answered is sent.</summary>
        public async Task<DnsReceivedRawPackage?> ReceiveAsync(CancellationToken token = default)
        {
            try
            {
                return await ReadAsync(token);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or IndexOutOfRangeException or ArgumentException)
            {
                await Task.Delay(AfterFailure, transport.Time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Dispose();
                return null;
            }
        }

        private async Task<DnsReceivedRawPackage> ReadAsync(CancellationToken token)
        {
            using var idle = new CancellationTokenSource(Idle, transport.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, token);
            await _answered.WaitAsync(either.Token);
            var header = new byte[DnsRawPackage.LENGTH_HEADER_LENGTH];
            await _stream.ReadExactlyAsync(header, either.Token);
            var length = BinaryPrimitives.ReadUInt16BigEndian(header);
            if (length > Header.LongestQuestion)
                throw new IOException("This is no question.");
            var package = new byte[header.Length + length];
            header.CopyTo(package, 0);
            await _stream.ReadExactlyAsync(package.AsMemory(header.Length), either.Token);
            if (!Header.IsQuestion(package.AsSpan(header.Length)))
                throw new IOException("This is no question.");
            return new DnsReceivedRawPackage(package, RemoteEndPoint, LocalEndPoint);
        }

        public async Task<bool> SendAsync(DnsRawPackage answer, CancellationToken token = default)
        {
            using var slow = new CancellationTokenSource(Idle, transport.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(slow.Token, token);
            try
            {
                await _stream.WriteAsync(answer.ToArraySegment(includeLengthHeader: true)[..(DnsRawPackage.LENGTH_HEADER_LENGTH + answer.Length)], either.Token);
                _answered.Release();
                return true;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                Dispose();
                return false;
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isEnded, 1) != 0)
                return;
            _stream.Dispose();
            if (transport._ofAddress.AddOrUpdate(RemoteEndPoint.Address, 0, (_, count) => count - 1) <= 0)
                transport._ofAddress.TryRemove(new KeyValuePair<IPAddress, int>(RemoteEndPoint.Address, 0));
            transport._places.Release();
        }
    }

    private TimeProvider Time => time;
}
