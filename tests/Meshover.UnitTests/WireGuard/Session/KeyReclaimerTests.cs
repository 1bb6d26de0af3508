using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class KeyReclaimerTests : IDisposable
{
    private readonly WorkerGate _gate = new();
    private readonly Tunnel _tunnel = new Tunnel().Connect();
    private readonly TransportSession _session;
    private readonly KeyReclaimer _reclaimer;

    public KeyReclaimerTests()
    {
        _session = _tunnel.ToB.SendSession!;
        _reclaimer = new KeyReclaimer([new WorkerGate(), _gate]);
    }

    public void Dispose() => _tunnel.Dispose();

    private bool IsZeroed => _session.SendCipher.IsDisposed && _session.ReceiveCipher.IsDisposed;

    [Fact]
    public void Sweep_NoWorkerInside_ZeroesAtOnce()
    {
        _reclaimer.Retire(_session);
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }

    [Fact]
    public void Sweep_AWorkerWasInside_WaitsUntilItHasLeft()
    {
        _gate.Enter();
        _reclaimer.Retire(_session);
        _reclaimer.Sweep();
        Assert.False(IsZeroed);

        _gate.Leave();
        _reclaimer.Sweep();
        Assert.True(IsZeroed);
    }

    [Fact]
    public void Sweep_TheWorkerLeftAndIsInsideAgain_ZeroesAllTheSame()
    {
        _gate.Enter();
        _reclaimer.Retire(_session);
        _gate.Leave();
        _gate.Enter();
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }

    [Fact]
    public void Sweep_AWorkerCameInsideLater_DoesNotMatter()
    {
        _reclaimer.Retire(_session);
        _gate.Enter();
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }
}
