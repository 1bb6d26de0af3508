using System.Runtime.InteropServices;

namespace Meshover.Cli.Hosting;

/// <summary>
/// Turns SIGTERM and SIGINT into a cancelled token; SIGHUP (the terminal is gone) is taken and ignored. There is one for the whole program: a second one
/// would not know of a signal that came before it.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true),
    ];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Cancel(PosixSignalContext context)
    {
        context.Cancel = true;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came while the program ended.
        }
    }
}
