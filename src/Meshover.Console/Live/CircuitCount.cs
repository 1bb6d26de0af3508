using Meshover.Console.SignIn;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Meshover.Console.Live;

/// <summary>How many pages are open. Each holds some 100 kB of the process's memory, so there is a bound, and of that a share for each session.</summary>
public sealed class CircuitCount
{
    public const int Most = 200;
    public const int MostOfSession = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);
    private int _all;

    public bool IsFull => Volatile.Read(ref _all) >= Most;

    /// <summary>False: there are as many as there may be.</summary>
    public bool TryAdd(string session)
    {
        lock (_lock)
        {
            var own = _open.GetValueOrDefault(session);
            if (_all >= Most || own >= MostOfSession)
                return false;
            _open[session] = own + 1;
            _all++;
            return true;
        }
    }

    public void Remove(string session)
    {
        lock (_lock)
        {
            _all--;
            if (--_open[session] == 0)
                _open.Remove(session);
        }
    }
}

/// <summary>Counts one page from its opening to its end, and refuses it where there are too many: then the browser shows that it has no connection.</summary>
internal sealed class CountedCircuit(CircuitCount count, AuthenticationStateProvider signedIn) : CircuitHandler
{
    // Some end that never opened.
    private string? _counted;

    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var session = ConsoleClaims.UserOf((await signedIn.GetAuthenticationStateAsync()).User)?.Session ?? throw new InvalidOperationException("A page was opened by nobody.");
        if (!count.TryAdd(session))
            throw new InvalidOperationException($"A session may have {CircuitCount.MostOfSession} pages open, and all together {CircuitCount.Most}.");
        _counted = session;
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _counted, null) is { } session)
            count.Remove(session);
        return Task.CompletedTask;
    }
}
