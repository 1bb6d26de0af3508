using System.Net.Sockets;
using System.Text.Json;
using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Meshover.Telemetry.Logging;
using Meshover.Telemetry.Tracing;

namespace Meshover.Controller.Hosting;

/// <summary><c>serve</c>: opens the store, brings its settings up to date, and runs until it is told to stop.</summary>
internal static partial class ControllerRunner
{
    /// <exception cref="ConfigException">Its configuration cannot be used; one sentence each, with what to do.</exception>
    /// <exception cref="StartException">It cannot start as things stand.</exception>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    public static async Task RunAsync(ControllerConfig config, ControllerPaths paths, CancellationToken cancel)
    {
        var options = ConfigReader.Read(config);
        if (!File.Exists(paths.Store))
            throw new ConfigException(NotThere(paths));
        await using var store = SqliteStore.Open(paths.Store);
        using var logs = LoggerFactory.Create(logging => logging.AddLines(toError: false, LogLevel.Information));
        using var journal = new RefusalJournal(paths.Journal, logs.CreateLogger<RefusalJournal>());
        await using var directory = await OpenAsync(store, journal, logs, paths, cancel);
        if (directory.State.Get<MeshRecord>(StoreKeys.Mesh) is null || directory.State.Get<SecretRecord>(StoreKeys.Secret) is not { } secret)
            throw StoreDamage.Of("use", paths.Store, "its keys are missing");
        await SettingsUpdate.ApplyAsync(directory, options, cancel);
        using var traces = Traces.Start(options.OtlpEndpoint, "meshover-controller", ControllerVersion.Text, Environment.MachineName);
        var groups = options.HasConsole ? EndpointGroups.Present : EndpointGroups.WithoutConsole;
        var tls = new TlsSetup(secret, options, groups, TimeProvider.System, logs.CreateLogger<TlsSetup>());
        await ServeAsync(ControllerHost.Build(directory, secret, groups, tls, options, paths), directory, options, paths, cancel);
    }

    private static async Task<MeshDirectory> OpenAsync(
        SqliteStore store, RefusalJournal journal, ILoggerFactory logs, ControllerPaths paths, CancellationToken cancel)
    {
        try
        {
            return await MeshDirectory.OpenAsync(store, logs.CreateLogger<MeshDirectory>(), cancel, journal);
        }
        catch (JsonException e)
        {
            throw StoreDamage.Of("read", paths.Store, e.Message, e);
        }
    }

    private static async Task ServeAsync(
        WebApplication app, MeshDirectory directory, ControllerOptions options, ControllerPaths paths, CancellationToken cancel)
    {
        await using (app)
        {
            AdminSocket.Prepare(paths.AdminSocket);
            try
            {
                await app.StartAsync(cancel);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                throw new StartException(WhyNotListening(e, options, paths));
            }
            AdminSocket.Protect(paths.AdminSocket);
            var nodes = directory.State.CountOf(StoreKeys.HostNameFolder);
            LogServing(app.Logger, ControllerVersion.Text, options.Port, nodes);
            await app.WaitForShutdownAsync(cancel);
            File.Delete(paths.AdminSocket);
        }
    }

    private static string NotThere(ControllerPaths paths) => Directory.Exists(paths.State) && !CanRead(paths.State)
        ? $"Cannot read {paths.State}: permission denied. Run it as root, or as the user who owns it."
        : $"{paths.State} holds no mesh: run `meshover-controller init` first, or name the right directory with --state.";

    private static bool CanRead(string directory)
    {
        try
        {
            _ = Directory.GetFileSystemEntries(directory);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string WhyNotListening(Exception e, ControllerOptions options, ControllerPaths paths)
    {
        var errors = Unfold(e).OfType<SocketException>().Select(socket => socket.SocketErrorCode).ToHashSet();
        if (errors.Contains(SocketError.AddressAlreadyInUse))
            return $"TCP port {options.Port} is in use by another program: stop that one, or choose another port with --port (and name it in --address).";
        if (errors.Contains(SocketError.AccessDenied))
            return $"No permission to listen on TCP port {options.Port} or on {paths.AdminSocket}: run it as root, or choose others with --port and --run.";
        if (errors.Contains(SocketError.AddressNotAvailable))
            return $"This machine has no address {options.Listen}: correct --listen.";
        return $"Cannot listen on TCP port {options.Port} or on {paths.AdminSocket}: {e.Message}";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "meshover-controller {Version} serves TCP port {Port}; the mesh has {Nodes} node(s)")]
    private static partial void LogServing(ILogger logger, string version, int port, int nodes);

    private static IEnumerable<Exception> Unfold(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            yield return e;
    }
}
