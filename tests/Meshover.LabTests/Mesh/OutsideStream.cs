using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Machines;

namespace Meshover.LabTests.Mesh;

/// <summary>A server outside the mesh that sends back what it gets, over both families, and says whom it sees.</summary>
internal sealed class OutsideServer : IDisposable
{
    private const int Port = 12951;
    private readonly Socket _listener;

    public OutsideServer(Machine machine)
    {
        _listener = machine.InNetwork(() =>
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, Port));
            socket.Listen();
            return socket;
        });
        _ = AcceptAsync();
    }

    /// <summary>Opens a stream to the server from an address of the machine's.</summary>
    /// <exception cref="LabException">It is not there within the patience.</exception>
    public static async Task<OutsideStream> OpenAsync(Machine from, IPAddress source, IPAddress server, TimeSpan patience, CancellationToken ct)
    {
        Socket? open = null;
        await Until.NothingIsMissingAsync($"a stream from {source} to {server}", patience, async () =>
        {
            var socket = from.InNetwork(() => new Socket(source.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
            bound.CancelAfter(TimeSpan.FromSeconds(3));
            try
            {
                socket.Bind(new IPEndPoint(source, 0));
                await socket.ConnectAsync(new IPEndPoint(server, Port), bound.Token);
                open = socket;
                return null;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                socket.Dispose();
                return e.Message;
            }
        }, ct);
        return await OutsideStream.GreetedAsync(open!, ct);
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <summary>First sixteen bytes, the address that it sees; then what it gets.</summary>
    private static async Task ServeAsync(Socket accepted)
    {
        using var socket = accepted;
        try
        {
            await socket.SendAsync(((IPEndPoint)socket.RemoteEndPoint!).Address.GetAddressBytes());
            var buffer = new byte[64];
            while (await socket.ReceiveAsync(buffer) is > 0 and var length) await socket.SendAsync(buffer.AsMemory(0, length));
        }
        catch (SocketException)
        {
            // Its owner has gone, and the stream with it.
        }
    }
}

/// <summary>One stream.</summary>
/// <param name="Seen">Whose address the server sees.</param>
internal sealed record OutsideStream(Socket Socket, IPAddress Seen) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private int _asked;

    /// <summary>What is said now comes back: the stream lives.</summary>
    public async Task AnsweredAsync(string what, CancellationToken ct)
    {
        byte[] said = BitConverter.GetBytes(++_asked), heard = new byte[said.Length];
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        try
        {
            await Socket.SendAsync(said, bound.Token);
            await ReadAsync(Socket, heard, bound.Token);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            Assert.Fail($"{what}: the stream that {Seen} was seen with is broken: {e.Message}");
        }
        Assert.Equal(said, heard);
    }

    public void Dispose() => Socket.Dispose();

    internal static async Task<OutsideStream> GreetedAsync(Socket socket, CancellationToken ct)
    {
        var address = new byte[16];
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        await ReadAsync(socket, address, bound.Token);
        var seen = new IPAddress(address);
        return new OutsideStream(socket, seen.IsIPv4MappedToIPv6 ? seen.MapToIPv4() : seen);
    }

    private static async Task ReadAsync(Socket socket, byte[] into, CancellationToken ct)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.ReadExactlyAsync(into, ct);
    }
}
