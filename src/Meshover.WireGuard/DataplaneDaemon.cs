using Meshover.Linux.LocalSockets;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Uapi;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard;

/// <summary>The engine's process: <c>meshover dataplane</c>.</summary>
public static class DataplaneDaemon
{
    // A client that asked us to stop and then does not read the answer is not waited for longer.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Runs the engine until <paramref name="cancellationToken"/> is cancelled (the devices stay, to be adopted by the next start) or a
    /// client asks it to stop. It comes back with the configuration it had, with no agent needed.
    /// </summary>
    /// <exception cref="DataplaneException">It cannot start: another engine owns the socket, or the system refuses (no permission, no
    /// <c>/dev/net/tun</c>).</exception>
    public static async Task RunAsync(
        DataplaneOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Meshover.Dataplane");
        await using var uapi = new UapiServer(options.UapiDirectory, time, logger);
        using var loop = new EngineLoop(options, time, logger, uapi.Serve);
        uapi.Loop = loop;
        await using var listener = Listen(options.SocketPath, new ControlServer(loop).ServeAsync, time, logger);
        loop.Ended = () =>
        {
            uapi.Unlink();
            listener.Unlink();
        };
        loop.Start();
        var build = BuildInfo.Read().Describe();
        EngineLog.Started(logger, options.SocketPath, build);
        await using var stop = cancellationToken.Register(() => _ = loop.StopAsync(teardown: false));
        var isTornDown = await loop.Stopped;
        if (!cancellationToken.IsCancellationRequested)
            await Task.WhenAny(loop.Acknowledged, Task.Delay(AnswerTimeout, time, CancellationToken.None));
        EngineLog.Stopped(logger, isTornDown ? "are deleted" : "stay for the next start");
    }

    private static UnixListener Listen(string path, Func<Stream, CancellationToken, Task> serve, TimeProvider time, ILogger logger)
    {
        try
        {
            return new UnixListener(path, serve, time, logger);
        }
        catch (LocalSocketException e)
        {
            throw new DataplaneException(DataplaneError.Failed, e.Message, e);
        }
    }
}
