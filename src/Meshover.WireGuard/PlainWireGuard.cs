using Meshover.WireGuard.Control;
using Meshover.WireGuard.Uapi;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard;

/// <summary>
/// One device of plain WireGuard, as <c>wireguard-go</c> makes it (https://www.wireguard.com/xplatform/): there is no agent and no
/// configuration; <c>wg</c> sets it up over the UAPI socket. It writes nothing to disk.
/// </summary>
public static class PlainWireGuard
{
    /// <summary>What a tunnel over Ethernet carries, less WireGuard over IPv6.</summary>
    private const int DefaultMtu = 1420;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until it is cancelled, or somebody deletes the device or the socket's file. Afterwards neither is there.</summary>
    /// <param name="name">The device to make; it is down at first.</param>
    /// <param name="uapiDirectory">Where <c>wg</c> looks for its socket.</param>
    /// <param name="offloads">As <see cref="DataplaneOptions.Offloads"/>.</param>
    /// <exception cref="DataplaneException">It cannot start: no permission, or the name is no name or in use.</exception>
    public static async Task RunAsync(
        string name, string uapiDirectory, bool offloads, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Meshover.WireGuard");
        var options = new DataplaneOptions { PlainInterface = name, UapiDirectory = uapiDirectory, Offloads = offloads };
        await using var uapi = new UapiServer(uapiDirectory, time, logger);
        using var loop = new EngineLoop(options, time, logger, interfaceChanged: _ => { });
        uapi.Loop = loop;
        loop.Ended = uapi.Unlink;
        loop.Start();
        try
        {
            await loop.RunAsync(engine => MakeDevice(engine, name), cancellationToken);
            uapi.Open(name);
            var build = BuildInfo.Read().Describe();
            PlainLog.Started(logger, name, build);
            await WatchAsync(loop, uapi, time, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            await loop.StopAsync(teardown: false); // the device is not persistent: it goes with us
        }
        PlainLog.Ended(logger, name);
    }

    private static bool MakeDevice(Engine engine, string name)
    {
        try
        {
            engine.Apply(new DataplaneConfig { Interface = name, PrivateKey = default, ListenPort = 0, Mtu = DefaultMtu });
            return true;
        }
        catch (DataplaneException e) when (e.InnerException is { } cause)
        {
            throw new DataplaneException(e.Error, $"Cannot make the device {name}: {cause.Message}.", e);
        }
    }

    private static async Task WatchAsync(EngineLoop loop, UapiServer uapi, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (!uapi.IsListed || await loop.RunAsync(engine => engine.IsDeviceGone, cancellationToken))
                return;
        }
    }
}

internal static partial class PlainLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Device} is ready; `wg set {Device} …` configures it. It is {Build}.")]
    public static partial void Started(ILogger logger, string device, string build);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Device} ends.")]
    public static partial void Ended(ILogger logger, string device);
}
