using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>
/// Leads from a port of this machine's loopback to the console of a lab's controller, which is in a namespace that nothing else leads into: so that a browser
/// of this machine can look at it.
/// </summary>
internal sealed class ConsoleDoor : IDisposable
{
    private const int Port = 12913;
    private const int MostConnections = 64;

    private readonly Machine _controller;
    private readonly Socket _listener;
    private readonly SemaphoreSlim _free = new(MostConnections);

    private ConsoleDoor(Machine controller, Socket listener) => (_controller, _listener) = (controller, listener);

    /// <summary>HOST:PORT at which a browser finds it.</summary>
    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>At the console's own port where that is free here, else at another.</summary>
    public static ConsoleDoor Open(Machine controller)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        }
        listener.Listen();
        return new ConsoleDoor(controller, listener);
    }

    /// <summary>A link that signs in once, by this door.</summary>
    public async Task<string> LinkAsync(CancellationToken ct)
    {
        var link = (await _controller.RunAsync(LabPrograms.Controller, ["console-token", "--once", "--ttl", "1h"], ct)).Checked().Trim();
        return $"https://{Address}{link[link.IndexOf("/sign-in#", StringComparison.Ordinal)..]}";
    }

    /// <summary>Until it is cancelled.</summary>
    public async Task ServeAsync(CancellationToken ct)
    {
        while (true)
        {
            await _free.WaitAsync(ct);
            _ = CarryAsync(await _listener.AcceptAsync(ct), ct);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _free.Dispose();
    }

    private async Task CarryAsync(Socket browser, CancellationToken ct)
    {
        try
        {
            using var controller = _controller.InNetwork(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await controller.ConnectAsync(IPAddress.Loopback, Port, ct);
            await using var near = new NetworkStream(browser, ownsSocket: true);
            await using var far = new NetworkStream(controller, ownsSocket: false);
            await Task.WhenAny(near.CopyToAsync(far, ct), far.CopyToAsync(near, ct));
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // The browser tries again, and shows what it gets.
        }
        finally
        {
            browser.Dispose();
            if (!ct.IsCancellationRequested)
                _free.Release();
        }
    }
}
