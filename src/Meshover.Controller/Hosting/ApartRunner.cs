using System.Net;
using System.Net.Sockets;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Telemetry.Logging;

namespace Meshover.Controller.Hosting;

/// <summary><c>console</c>: serves the console apart from its controller until it is told to stop.</summary>
internal static partial class ApartRunner
{
    /// <exception cref="ConfigException">Its configuration cannot be used; one sentence each, with what to do.</exception>
    /// <exception cref="StartException">It cannot start as things stand.</exception>
    public static async Task RunAsync(ApartConfig config, CancellationToken cancel)
    {
        var options = ApartOptions.Read(config);
        using var logs = LoggerFactory.Create(logging => logging.AddLines(toError: false, LogLevel.Information));
        // Without a certificate of the operator's one of an authority that nobody has, and that ends with the process.
        var authority = CertificateAuthority.Create(TimeProvider.System.GetUtcNow());
        var tls = new TlsSetup(authority, options.Served, ApartHost.Groups, TimeProvider.System, logs.CreateLogger<TlsSetup>());
        await using var app = ApartHost.Build(options, tls);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new StartException(WhyNotListening(e, options.Listen));
        }
        var log = logs.CreateLogger(nameof(ApartRunner));
        LogServing(log, ControllerVersion.Text, options.Listen, options.Socket);
        await app.WaitForShutdownAsync(cancel);
    }

    private static string WhyNotListening(Exception e, IPEndPoint listen)
    {
        var error = e as SocketException ?? e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException;
        return error?.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => $"TCP port {listen.Port} is in use by another program: stop that one, or choose another port with --listen.",
            SocketError.AccessDenied => $"No permission to listen on {listen}: choose a port from 1024 on with --listen.",
            SocketError.AddressNotAvailable => $"This machine has no address {listen.Address}: correct --listen.",
            _ => $"Cannot listen on {listen}: {e.Message}",
        };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "meshover-controller {Version} serves the console at {Listen}, for the controller at {Socket}")]
    private static partial void LogServing(ILogger logger, string version, IPEndPoint listen, string socket);
}
