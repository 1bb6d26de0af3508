using System.Net;
using System.Net.Sockets;
using Meshover.Controller.Configuration;
using Meshover.Metrics;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Meshover.Controller.Hosting;

/// <summary>
/// Opens the door of plain HTTP, which must keep no node from its controller: an address may come after the controller's start, and a port that another has
/// is tried again. Kestrel adds an endpoint while it runs only where its configuration names it, so that is what this is.
/// </summary>
internal sealed partial class MonitoringListener(ControllerOptions options, TimeProvider time, ILogger<MonitoringListener> log) : BackgroundService
{
    private const string Name = "Monitoring";
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);

    private readonly IConfigurationRoot _endpoints = new ConfigurationBuilder().AddInMemoryCollection().Build();
    private bool _isRefused;
    private Socket? _bound;

    public bool IsOpen { get; private set; }

    /// <summary>Has Kestrel serve at it: now where it can be, else as soon as it can.</summary>
    public void Configure(KestrelServerOptions kestrel, HttpProtocols protocols)
    {
        if (options.MetricsListen is null || protocols == HttpProtocols.None)
            return;
        TryOpen();
        kestrel.Configure(_endpoints, reloadOnChange: true).Endpoint(Name, endpoint =>
        {
            var listen = endpoint.ListenOptions;
            listen.Protocols = protocols;
            listen.Use(CameBy.Mark(Door.Monitoring));
            listen.Use(new MonitoringDoor().Limit);
        });
    }

    /// <summary>
    /// As Kestrel binds, which gets the socket that was opened for it: were it to open its own, another could have the port meanwhile, and a port that
    /// is taken ends the whole controller.
    /// </summary>
    public Socket Bind(EndPoint at) =>
        at.Equals(options.MetricsListen) ? Interlocked.Exchange(ref _bound, null) ?? ScrapeSocket.Bind((IPEndPoint)at) : SocketTransportOptions.CreateDefaultBoundListenSocket(at);

    /// <summary>Opens it where it is not, and its port is free.</summary>
    public void TryOpen()
    {
        if (IsOpen || options.MetricsListen is not { } endpoint)
            return;
        try
        {
            _bound = Listening(endpoint);
        }
        catch (SocketException e)
        {
            if (!_isRefused)
                LogNotServed(log, endpoint, e.Message);
            _isRefused = true;
            return;
        }
        IsOpen = true;
        if (!IPAddress.IsLoopback(endpoint.Address))
            LogOpen(log, endpoint);
        _endpoints[$"Endpoints:{Name}:Url"] = $"http://{endpoint}";
        _endpoints.Reload();
    }

    // Two sockets may be bound to one port where both allow that; only one of them may listen.
    private static Socket Listening(IPEndPoint endpoint)
    {
        var socket = ScrapeSocket.Bind(endpoint);
        try
        {
            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        _bound?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RetryEvery, time);
        while (!IsOpen && options.MetricsListen is not null && await timer.WaitForNextTickAsync(stoppingToken))
            TryOpen();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Metrics are not served at {Where}: {Reason}. It is tried again; stop what has that port, or say with --metrics-listen where else, or off")]
    private static partial void LogNotServed(ILogger logger, IPEndPoint where, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Metrics are served at {Where} without encryption or a password, to whoever reaches it")]
    private static partial void LogOpen(ILogger logger, IPEndPoint where);
}
