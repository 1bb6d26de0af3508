using System.Threading.Channels;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>
/// The control thread: owns the <see cref="Engine"/>, and does in turn what the workers found, what clients want, and what is due. Clients'
/// wishes come through a bounded channel; when it is full a client waits.
/// </summary>
internal sealed class EngineLoop : IControlLoop, IDisposable
{
    // Fine enough for every timer of the protocol, the shortest of which is some seconds long.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    // How long a configuration that could not be restored waits for its next attempt: a port in use may be freed.
    private const long RestoreInterval = 1000;

    private const string HasEnded = "The data plane has ended.";

    private readonly Channel<Action<Engine?>> _commands = Channel.CreateBounded<Action<Engine?>>(64);
    private readonly ControlInbox _inbox;
    private readonly TaskCompletionSource<bool> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DataplaneOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile bool _ends;
    private bool _teardown;
    private bool _runs;

    /// <param name="interfaceChanged">As <see cref="Engine.InterfaceChanged"/>; called on the control thread.</param>
    public EngineLoop(DataplaneOptions options, TimeProvider time, ILogger logger, Action<string> interfaceChanged)
    {
        _options = options;
        _inbox = new ControlInbox(WorkerCount.Choose(options.Workers, Environment.ProcessorCount));
        _time = time;
        _logger = logger;
        _thread = new Thread(() => Run(interfaceChanged)) { Name = "meshover-control", IsBackground = true };
    }

    /// <summary>Called on the control thread when the engine has ended, before <see cref="Stopped"/> completes.</summary>
    public Action? Ended { get; set; }

    /// <summary>Ends when the engine has; true if it was torn down. Fails with the fault that ended it.</summary>
    public Task<bool> Stopped => _stopped.Task;

    public void Start() => _thread.Start();

    /// <summary>Runs something on the control thread and returns its result or failure.</summary>
    public async Task<T> RunAsync<T>(Func<Engine, T> action, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _commands.Writer.WriteAsync(engine => Complete(result, engine, action), cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new DataplaneException(DataplaneError.Unreachable, HasEnded, e);
        }
        _inbox.Wake();
        return await result.Task.WaitAsync(cancellationToken);
    }

    Task<T> IControlLoop.RunAsync<T>(Func<IControlTarget, T> action, CancellationToken cancellationToken) =>
        RunAsync<T>(action, cancellationToken);

    /// <summary>Ends the engine once its present work is done, and completes when it has.</summary>
    public Task StopAsync(bool teardown)
    {
        _teardown |= teardown;
        _ends = true;
        _inbox.Wake();
        return Stopped;
    }

    /// <summary>The client that asked for the end has its answer: the process may go.</summary>
    public void Acknowledge() => _acknowledged.TrySetResult();

    /// <summary>Completes at <see cref="Acknowledge"/>.</summary>
    public Task Acknowledged => _acknowledged.Task;

    public void Dispose() => _inbox.Dispose();

    private void Run(Action<string> interfaceChanged)
    {
        try
        {
            using var engine = new Engine(_options, _inbox, _time, _logger) { InterfaceChanged = interfaceChanged };
            _runs = true;
            Loop(engine);
            engine.Stop(_teardown);
            Ended?.Invoke();
            _stopped.SetResult(_teardown);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            var what = _runs ? $"The data plane failed: {e.Message}." : $"The data plane cannot start: {e.Message}. It needs root.";
            _stopped.SetException(new DataplaneException(DataplaneError.Failed, what, e));
        }
        catch (Exception e) // the thread's last frame: whoever awaits the engine gets the fault
        {
            _stopped.SetException(e);
        }
        _commands.Writer.Complete();
        while (_commands.Reader.TryRead(out var late))
            late(null);
    }

    private void Loop(Engine engine)
    {
        var isRestored = engine.TryRestore();
        var nextTick = 0L;
        var nextRestore = engine.Now + RestoreInterval;
        while (!_ends)
        {
            engine.HandleInbox();
            while (_commands.Reader.TryRead(out var command))
                command(engine);
            if (engine.Now >= nextTick)
            {
                engine.Tick();
                nextTick = engine.Now + (long)TickInterval.TotalMilliseconds;
            }
            isRestored |= engine.Config is not null;
            if (!isRestored && engine.Now >= nextRestore)
            {
                isRestored = engine.TryRestore();
                nextRestore = engine.Now + RestoreInterval;
            }
            _inbox.Wait(TimeSpan.FromMilliseconds(Math.Max(0, nextTick - engine.Now)));
        }
    }

    private static void Complete<T>(TaskCompletionSource<T> result, Engine? engine, Func<Engine, T> action)
    {
        try
        {
            result.SetResult(action(engine ?? throw new DataplaneException(DataplaneError.Unreachable, HasEnded)));
        }
        catch (Exception e) // goes to whoever asked
        {
            result.SetException(e);
        }
    }
}
