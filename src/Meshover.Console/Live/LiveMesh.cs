using System.Collections.Concurrent;
using System.Threading.Channels;
using Meshover.Console.UseCases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meshover.Console.Live;

/// <summary>
/// The mesh as all pages show it: looked at once a second while anybody looks, however many they are, and told to each where it has changed, and every
/// few seconds in any case: whoever looks sees that their session has ended, whatever becomes of the mesh. So a page is rendered at most once a second by it, and where very
/// many look each 4 s at least: 25 pages a second are rendered for all together, so that who only looks does not slow down who changes something. All are told of the
/// same <see cref="Newest"/>: were each to look for itself, a mesh that changes all the time would be drawn once for each of them.
/// </summary>
public sealed partial class LiveMesh(IMeshPort port, TimeProvider time, ILogger<LiveMesh> log) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForEach = TimeSpan.FromMilliseconds(40), Slowest = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Subscription, Action> _viewers = new();
    private readonly Channel<bool> _somebody = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile MeshView _newest = MeshView.Nothing;
    private MeshView? _looked;
    private long _told;

    public int Viewers => _viewers.Count;

    /// <summary>What was told last.</summary>
    public MeshView Newest => _newest;

    /// <summary>Until it is disposed, the action is called when there is something new to see. It must be quick.</summary>
    public IDisposable Subscribe(Action changed)
    {
        var subscription = new Subscription(this);
        _viewers[subscription] = changed;
        _somebody.Writer.TryWrite(true);
        return subscription;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (_viewers.IsEmpty)
                await _somebody.Reader.ReadAsync(stoppingToken);
            Tell();
            await Task.Delay(PaceFor(_viewers.Count), time, stoppingToken);
        }
    }

    internal static TimeSpan PaceFor(int viewers) => TimeSpan.FromTicks(Math.Clamp(viewers * ForEach.Ticks, Pace.Ticks, Slowest.Ticks));

    // Whoever comes while it looks may have seen something older or newer: they are told the next time.
    private void Tell()
    {
        try
        {
            var viewers = _viewers.ToArray();
            var view = Look();
            var isTime = time.GetElapsedTime(_told) >= Longest;
            if (isTime)
                _told = time.GetTimestamp();
            foreach (var (viewer, changed) in viewers)
            {
                if (isTime || !ReferenceEquals(viewer.Told, view))
                    changed();
                viewer.Told = view;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(log, e);
        }
    }

    // What is as it was is the same to who compares: once for all viewers, instead of line by line for each.
    private MeshView Look()
    {
        var looked = port.Look();
        if (!ReferenceEquals(looked, _looked))
            (_looked, _newest) = (looked, looked.Sharing(_newest));
        return _newest;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The console could not look at the mesh; it tries again")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    private sealed class Subscription(LiveMesh mesh) : IDisposable
    {
        /// <summary>Last; the loop's alone.</summary>
        public MeshView? Told { get; set; }

        public void Dispose() => mesh._viewers.TryRemove(this, out _);
    }
}
