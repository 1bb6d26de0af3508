using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class KeyReclaimerTests
{
    private readonly WorkerGate _gate = new();
    private readonly Keypair _keypair = new Tunnel().Connect().ToB.SendKeypair!;
    private readonly KeyReclaimer _reclaimer;

    public KeyReclaimerTests() => _reclaimer = new KeyReclaimer([new WorkerGate(), _gate]);

    private bool IsZeroed => _keypair.SendCipher.IsDisposed && _keypair.ReceiveCipher.IsDisposed;

    [Fact]
    public void Sweep_NoWorkerInside_ZeroesAtOnce()
    {
        _reclaimer.Retire(_keypair);
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }

    [Fact]
    public void Sweep_AWorkerWasInside_WaitsUntilItHasLeft()
    {
        _gate.Enter();
        _reclaimer.Retire(_keypair);
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
        _reclaimer.Retire(_keypair);
        _gate.Leave();
        _gate.Enter();
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }

    [Fact]
    public void Sweep_AWorkerCameInsideLater_DoesNotMatter()
    {
        _reclaimer.Retire(_keypair);
        _gate.Enter();
        _reclaimer.Sweep();

        Assert.True(IsZeroed);
    }
}
