using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class GraveyardTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly WorkerGate _gate = new();
    private readonly Graveyard _graveyard;

    public GraveyardTests() => _graveyard = new Graveyard([_gate]);

    [Fact]
    public void Sweep_AWorkerIsInsideAPass_WaitsUntilItHasLeft()
    {
        using var one = new Buried();
        _gate.Enter();
        _graveyard.Bury(one);
        _graveyard.Sweep();
        Assert.Same(one, _graveyard.TakeBack(what => what == one));
        _graveyard.Bury(one);
        _gate.Leave();

        _graveyard.Sweep();

        Assert.True(one.Disposed.Wait(Long));
    }

    [Fact]
    public void TakeBack_WhileOthersAreBeingDisposedOf_IsDoneAtOnce()
    {
        using var slow = new Buried(hangs: true);
        using var wanted = new Buried();
        _graveyard.Bury(slow);
        _graveyard.Bury(wanted);
        _graveyard.Sweep();
        Assert.True(slow.Begun.Wait(Long));

        Assert.Same(wanted, _graveyard.TakeBack(what => what == wanted));
        Assert.True(_graveyard.WaitUntilDisposed(what => what == wanted, TimeSpan.Zero));

        slow.LetGo();
        _graveyard.Clear();
        Assert.False(wanted.Disposed.IsSet);
    }

    [Fact]
    public void WaitUntilDisposed_OneThatTakesLong_SaysSo()
    {
        using var slow = new Buried(hangs: true);
        _graveyard.Bury(slow);
        _graveyard.Sweep();
        Assert.True(slow.Begun.Wait(Long));

        Assert.Null(_graveyard.TakeBack(what => what == slow));
        Assert.False(_graveyard.WaitUntilDisposed(what => what == slow, TimeSpan.FromMilliseconds(20)));

        slow.LetGo();
        Assert.True(_graveyard.WaitUntilDisposed(what => what == slow, Long));
        Assert.True(slow.Disposed.IsSet);
    }

    [Fact]
    public void TakeBack_WhatIsNotThere_IsNull() => Assert.Null(_graveyard.TakeBack(_ => true));

    private sealed class Buried(bool hangs = false) : IDisposable
    {
        private readonly ManualResetEventSlim _letGo = new(!hangs);

        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim Disposed { get; } = new();

        public void LetGo() => _letGo.Set();

        public void Dispose()
        {
            Begun.Set();
            Assert.True(_letGo.Wait(Long));
            Disposed.Set();
        }
    }
}
