using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class PeerTests
{
    private readonly Peer _peer = Peer.Create(new Session.Engine(1).Manager, new WireGuardKey([.. Enumerable.Repeat((byte)9, 32)]), worker: 0);

    [Fact]
    public void TryNoteMove_AgainBeforeTheFirstIsTaken_TellsOnce()
    {
        Assert.True(_peer.TryNoteMove());
        Assert.False(_peer.TryNoteMove());

        _peer.TakeMove();

        Assert.True(_peer.TryNoteMove());
    }
}
