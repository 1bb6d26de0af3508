using System.Threading.Channels;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;

namespace Meshover.UnitTests.Cli;

/// <summary>Daemons without processes: a test ends them, and sees who was started and stopped.</summary>
internal sealed class FakeDaemons : IDaemonProcesses
{
    private readonly Dictionary<string, Fake> _running = [];
    private readonly Channel<string> _started = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _watched = Channel.CreateUnbounded<string>();
    private int _lastPid = 100;

    /// <summary>"start agent", "stop agent", in order.</summary>
    public List<string> Events { get; } = [];

    public bool CannotStart { get; set; }

    /// <summary>As where no descriptor is left.</summary>
    public bool CannotWatch { get; set; }

    public void Put(string daemon) => _running[daemon] = new Fake(this, daemon, ++_lastPid);

    public void Kill(string daemon)
    {
        _running.Remove(daemon, out var fake);
        fake!.Ended.SetResult(137);
    }

    public Task StartedAsync() => _started.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    public Task WatchedAsync() => _watched.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    public IDaemonProcess? Find(string daemon) => _running.GetValueOrDefault(daemon);

    public IDaemonProcess Start(string daemon)
    {
        Events.Add($"start {daemon}");
        _started.Writer.TryWrite(daemon);
        if (CannotStart)
            throw new ProcessException($"start {daemon}", "no such file or directory");
        Put(daemon);
        return _running[daemon];
    }

    private sealed class Fake(FakeDaemons owner, string daemon, int pid) : IDaemonProcess
    {
        public TaskCompletionSource<int?> Ended { get; } = new();

        public int Pid => pid;

        public Task<int?> WaitForExitAsync(CancellationToken cancellationToken)
        {
            owner._watched.Writer.TryWrite(daemon);
            return owner.CannotWatch
                ? Task.FromException<int?>(new ProcessException($"open a descriptor of process {pid}", "too many open files"))
                : Ended.Task.WaitAsync(cancellationToken);
        }

        public Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
        {
            owner.Events.Add($"stop {daemon}");
            owner._running.Remove(daemon);
            return Task.CompletedTask;
        }
    }
}
