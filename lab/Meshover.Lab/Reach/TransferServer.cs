using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>
/// A TCP server inside a machine that takes <see cref="Size"/> bytes, answers with their SHA-256 and sends them back; and its client.
/// Both families on one port.
/// </summary>
public sealed class TransferServer : IDisposable
{
    /// <summary>Bytes each way: some hundred full segments, enough to show a wrong MTU or a corrupted packet.</summary>
    public const int Size = 128 * 1024;
    private const int Port = 12950;
    private readonly Socket _listener;

    private TransferServer(Socket listener)
    {
        _listener = listener;
        _ = Task.Run(AcceptAsync);
    }

    public static TransferServer Open(Machine machine) => new(machine.InNetwork(Listen));

    /// <summary>Transfers random bytes from the machine to the server at the address. Null where all came back right, else what went wrong.</summary>
    public static async Task<string?> TransferAsync(Machine from, IPAddress target, TimeSpan timeout, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(timeout);
        using var socket = from.InNetwork(() => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(target, Port), deadline.Token);
            return await ExchangeAsync(socket, deadline.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"not done after {timeout.TotalSeconds:0} s";
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return error.Message;
        }
    }

    public void Dispose() => _listener.Dispose();

    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, Port));
        socket.Listen(128);
        return socket;
    }

    private static async Task<string?> ExchangeAsync(Socket socket, CancellationToken ct)
    {
        var sent = RandomNumberGenerator.GetBytes(Size);
        var hash = new byte[SHA256.HashSizeInBytes];
        var back = new byte[Size];
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(sent, ct);
        await stream.ReadExactlyAsync(hash, ct);
        await stream.ReadExactlyAsync(back, ct);
        if (!hash.AsSpan().SequenceEqual(SHA256.HashData(sent))) return "the server received bytes other than those sent";
        return back.AsSpan().SequenceEqual(sent) ? null : "bytes other than those sent came back";
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync();
                _ = Task.Run(() => ServeAsync(socket));
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        var received = new byte[Size];
        try
        {
            await using var stream = new NetworkStream(socket);
            await stream.ReadExactlyAsync(received);
            await stream.WriteAsync(SHA256.HashData(received));
            await stream.WriteAsync(received);
        }
        catch (IOException)
        {
            // The client went away: it is the one that reports.
        }
    }
}
