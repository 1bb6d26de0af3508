using System.Diagnostics;
using System.Net;
using ARSoft.Tools.Net;
using Meshover.Names.Serving;
using Meshover.Names.Zones;
using Microsoft.Extensions.Logging;

namespace Meshover.Names;

/// <summary>
/// The process <c>meshover dns</c>: answers for the names of the mesh from the map on disk, so that they resolve with the agent dead, too. One loop looks
/// each second at the files and at what listens; the answers are given by the library's tasks, from a table that never changes and is swapped whole.
/// </summary>
public sealed partial class NamesDaemon
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(5);

    private readonly NamesOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ResolvedLink _resolved;
    private readonly Dictionary<IPEndPoint, NameListener?> _listeners = [];
    private readonly Dictionary<IPEndPoint, string> _problems = [];
    private FileStamp[] _configStamps = [];
    private FileStamp _mapStamp;
    private NamesConfig? _config;
    private NamedMesh? _mesh;
    private volatile ZoneTable? _zones;
    private string? _written;
    private long _triedAt;
    private Task _telling = Task.CompletedTask;

    private NamesDaemon(NamesOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        (_options, _logger, _time) = (options, loggers.CreateLogger<NamesDaemon>(), time);
        _resolved = new ResolvedLink(options.Interface, _logger, time);
    }

    /// <summary>Runs until cancelled.</summary>
    public static Task RunAsync(NamesOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken) =>
        new NamesDaemon(options, loggers, time).RunAsync(cancellationToken);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        Trace.Listeners.Clear(); // the library says to syslog whatever it cannot read
        TellAgent("");
        try
        {
            using var timer = new PeriodicTimer(LookEvery, _time);
            do
            {
                LookAtFiles();
                Listen();
                Beat();
                // Beside this loop: it may hang.
                if (_telling.IsCompleted)
                    _telling = TellResolvedAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        finally
        {
            await EndAsync();
        }
    }

    private async Task EndAsync()
    {
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _resolved.ForgetAsync(CancellationToken.None);
        foreach (var listener in _listeners.Values)
            listener?.Dispose();
        TellAgent("");
        File.Delete(_options.BeatFile);
    }

    /// <summary>A map that cannot be read now is not forgotten: the former one is the best that is known.</summary>
    private void LookAtFiles()
    {
        FileStamp[] configStamps = [.. _options.ConfigFiles.Select(FileStamp.Of)];
        var mapStamp = FileStamp.Of(_options.MapFile);
        var isNewConfig = !configStamps.SequenceEqual(_configStamps);
        var isNewMap = mapStamp != _mapStamp;
        if (isNewConfig)
            (_configStamps, _config) = (configStamps, _options.ReadConfig() ?? _config);
        if (isNewMap)
        {
            _mapStamp = mapStamp;
            // The agent touches the file as long as it hears a controller.
            var mesh = NamedMesh.Read(_options.MapFile);
            // One that an older release wrote may lack names at the same revision.
            isNewMap = mesh is not null && (mesh.Revision != _mesh?.Revision || mesh.Services.Length != _mesh.Services.Length || mesh.Hosts.Length != _mesh.Hosts.Length);
            _mesh = mesh ?? _mesh;
        }
        if ((isNewConfig || isNewMap) && _config is { } config && _mesh is { } known)
        {
            _zones = new ZoneTable(known, DomainName.Parse(config.Zone), config.HostName);
            LogNames(_logger, known.Hosts.Length, known.Services.Length, config.Zone, known.Revision);
        }
    }

    private void Listen()
    {
        var wanted = _config?.Listen ?? [];
        foreach (var surplus in _listeners.Keys.Except(wanted).ToList())
        {
            _listeners.Remove(surplus, out var listener);
            listener?.Dispose();
            _problems.Remove(surplus);
        }
        var mayRetry = _time.GetElapsedTime(_triedAt) >= RetryEvery;
        foreach (var endpoint in wanted)
        {
            if (_listeners.TryGetValue(endpoint, out var running) && (running is not null || !mayRetry))
                continue;
            _triedAt = _time.GetTimestamp();
            _listeners[endpoint] = NameListener.TryStart(endpoint, () => _zones, _time, out var problem);
            if (_listeners[endpoint] is not null)
                LogListening(_logger, endpoint);
            if (problem.Length > 0 && _problems.GetValueOrDefault(endpoint) != problem)
                LogProblem(_logger, problem);
            _problems[endpoint] = problem;
        }
        TellAgent(string.Join(' ', wanted.Select(endpoint => _problems.GetValueOrDefault(endpoint, "")).Where(problem => problem.Length > 0)));
    }

    private void TellAgent(string problem)
    {
        if (problem == _written)
            return; // null at first: a former run may have left something
        try
        {
            if (problem.Length == 0)
                File.Delete(_options.ProblemFile);
            else
                File.WriteAllText(_options.ProblemFile, problem);
            _written = problem;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The log has it; the next look tries again.
        }
    }

    /// <summary>By that the agent knows that this loop goes on.</summary>
    private void Beat()
    {
        try
        {
            using var beat = new FileStream(_options.BeatFile, FileMode.Create);
            beat.WriteByte((byte)'\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next look tries again.
        }
    }

    private Task TellResolvedAsync(CancellationToken cancellationToken) => _resolved.LookAsync(
        [.. _listeners.Where(pair => pair is { Value: not null, Key.Port: NamesConfig.DefaultPort } && !IPAddress.IsLoopback(pair.Key.Address)).Select(pair => pair.Key.Address)],
        [.. (_zones?.Apexes ?? []).Select(apex => $"{apex}".TrimEnd('.')).Take(ResolvedLink.MostZones)],
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} nodes and {Services} granted addresses have names in {Zone} (map revision {Revision})")]
    private static partial void LogNames(ILogger logger, int count, int services, string zone, long revision);

    [LoggerMessage(Level = LogLevel.Information, Message = "Answering at {Endpoint}")]
    private static partial void LogListening(ILogger logger, IPEndPoint endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogProblem(ILogger logger, string problem);
}
