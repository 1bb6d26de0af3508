using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Meshover.Agent.ControllerLink;

/// <summary>Makes a stream that can be trusted out of a connection: TLS, with the other end's certificate checked.</summary>
/// <exception cref="AuthenticationException">The other end is no controller of our mesh; one sentence that says why.</exception>
internal delegate Task<Stream> SecureConnection(Stream connection, CancellationToken cancellationToken);

/// <summary>One try to reach one address: TCP, then TLS. Something that merely accepts connections does not count.</summary>
internal sealed class DialAttempt(DialTarget target, uint mark, SecureConnection secure, TimeProvider time)
{
    private const int SolSocket = 1;
    private const int SoMark = 36;
    private static readonly TimeSpan TcpTimeout = TimeSpan.FromSeconds(5);

    // A controller whose whole mesh comes back at once has many handshakes to make.
    private static readonly TimeSpan TlsTimeout = TimeSpan.FromSeconds(8);

    private readonly TaskCompletionSource _tcp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DialTarget Target => target;
    public bool IsMarked => mark != 0;

    /// <summary>Done when TCP is connected, or will not be.</summary>
    public Task Tcp => _tcp.Task;

    /// <summary>TCP was connected.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Why it failed, for a user.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>The other end showed a certificate that is not of our mesh.</summary>
    public bool IsUntrusted { get; private set; }

    /// <summary>Null where it failed.</summary>
    public async Task<Stream?> RunAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(target.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            SetMark(socket);
            await LimitAsync(TcpTimeout, limited => socket.ConnectAsync(target.EndPoint, limited).AsTask(), cancellationToken);
            IsConnected = true;
            _tcp.TrySetResult();
            Stream? secured = null;
            await LimitAsync(
                TlsTimeout, async limited => secured = await secure(new NetworkStream(socket, ownsSocket: true), limited), cancellationToken);
            return secured;
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            socket.Dispose();
            Fail(e);
            return null;
        }
        finally
        {
            _tcp.TrySetResult();
        }
    }

    private void Fail(Exception error)
    {
        IsUntrusted = error is AuthenticationException;
        Failure = error switch
        {
            SocketException refused => refused.SocketErrorCode.ToString(),
            OperationCanceledException when IsConnected => "accepts connections but says nothing",
            OperationCanceledException => "no answer in time",
            _ => error.Message,
        };
    }

    private async Task LimitAsync(TimeSpan most, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(most, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await step(both.Token);
    }

    /// <summary>Without root the mark cannot be set; enrolling a machine that is not yet in the mesh works without it.</summary>
    private void SetMark(Socket socket)
    {
        if (!IsMarked)
            return;
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(value, mark);
        try
        {
            socket.SetRawSocketOption(SolSocket, SoMark, value);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
        }
    }
}
