using System.Net.Sockets;
using System.Text;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Vtysh;

/// <summary>
/// Speaks to one daemon of FRR on its own socket, as vtysh and watchfrr do: a command ends with a zero byte, its answer with three and a
/// status (lib/vty.c, vtysh_read). No process is started, so it may be done each second.
/// </summary>
internal sealed class VtySocket(FrrFiles files, TimeProvider time)
{
    private const int Trailer = 4;
    private static readonly TimeSpan _betweenBindAndListen = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs commands, all of them given to the daemon in one write: it does them in one go, whatever happens to us meanwhile.</summary>
    /// <returns>What the last one printed.</returns>
    /// <exception cref="RoutingException">One was refused; or no answer came within the patience (it has a cause then).</exception>
    public async Task<string> AskAsync(FrrDaemon daemon, TimeSpan patience, CancellationToken ct, params string[] commands) =>
        (await AskAllAsync(daemon, patience, ct, commands))[^1];

    /// <inheritdoc cref="AskAsync"/>
    /// <returns>What each of them printed.</returns>
    public async Task<string[]> AskAllAsync(FrrDaemon daemon, TimeSpan patience, CancellationToken ct, params string[] commands)
    {
        using var deadline = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(files.VtySocket(daemon)), either.Token);
            await socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(commands.Select(c => $"{c}\0"))), either.Token);
            return await AnswersAsync(socket, daemon, commands, either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new RoutingException($"{daemon.Name} has not answered for {patience.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            throw new RoutingException($"{daemon.Name} does not answer: {e.Message}", e);
        }
    }

    /// <summary>
    /// Waits until a daemon that has just started answers. Its socket is there before it listens (lib/vty.c, vty_serv_un): whoever comes
    /// between the two is refused, which says nothing yet.
    /// </summary>
    /// <exception cref="RoutingException">It did not answer within the patience.</exception>
    public async Task WaitForAnswerAsync(FrrDaemon daemon, TimeSpan patience, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await AskAsync(daemon, patience, ct, "echo ready");
                return;
            }
            catch (RoutingException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } && time.GetElapsedTime(began) < patience)
            {
                await Task.Delay(_betweenBindAndListen, time, ct);
            }
        }
    }

    private static async Task<string[]> AnswersAsync(Socket socket, FrrDaemon daemon, string[] commands, CancellationToken ct)
    {
        var buffer = new byte[16 << 10];
        var length = 0;
        var said = new List<string>();
        foreach (var command in commands)
        {
            int end;
            while ((end = buffer.AsSpan(0, length).IndexOf("\0\0\0"u8)) < 0 || end + Trailer > length)
            {
                if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
                var read = await socket.ReceiveAsync(buffer.AsMemory(length), ct);
                length += read > 0 ? read : throw new EndOfStreamException("it closed the connection");
            }
            said.Add(Encoding.UTF8.GetString(buffer, 0, end));
            if (buffer[end + Trailer - 1] != 0) throw new RoutingException($"{daemon.Name} refused '{Secrets.Hide(command)}': {Secrets.Hide(said[^1].Trim())}");
            buffer.AsSpan(end + Trailer, length - end - Trailer).CopyTo(buffer);
            length -= end + Trailer;
        }
        return [.. said];
    }
}
