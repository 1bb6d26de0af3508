using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Meshover.Console.Live;

/// <summary>How many pages are open. Each holds some 100 kB of the controller's memory, so there is a bound: who comes then is told so.</summary>
public sealed class CircuitCount
{
    public const int Most = 200;

    private int _open;

    public int Open => Volatile.Read(ref _open);

    public bool IsFull => Open >= Most;

    internal void Add(int number) => Interlocked.Add(ref _open, number);
}

internal sealed class CountedCircuit(CircuitCount count) : CircuitHandler
{
    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        count.Add(1);
        return Task.CompletedTask;
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        count.Add(-1);
        return Task.CompletedTask;
    }
}
