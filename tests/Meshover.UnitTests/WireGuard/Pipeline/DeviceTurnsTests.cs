using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class DeviceTurnsTests
{
    private const int Large = 65_546;

    private readonly DeviceTurns _turns = new();

    [Fact]
    public void Charge_LargeFrames_EndTheTurnByTheirBytes()
    {
        var source = Source(1);
        DeviceTurns.Begin(source);

        Assert.Equal(4, FramesOfATurn(source, Large));
    }

    [Fact]
    public void Charge_TheSmallestFrames_AreNotThousandsATurn()
    {
        var source = Source(1);
        DeviceTurns.Begin(source);

        Assert.InRange(FramesOfATurn(source, 60), 100, 150);
    }

    [Fact]
    public void Begin_AfterATurnThatWentTooFar_GivesThatMuchLess()
    {
        var (source, turns) = (Source(1), 100);
        var bytes = 0L;
        for (var i = 0; i < turns; i++)
        {
            DeviceTurns.Begin(source);
            bytes += (long)FramesOfATurn(source, Large) * (Large + DeviceTurns.FrameCost);
        }

        Assert.InRange(bytes, (long)turns * DeviceTurns.BytesPerTurn, ((long)turns * DeviceTurns.BytesPerTurn) + Large + DeviceTurns.FrameCost);
    }

    [Fact]
    public void Next_BusyDevices_ComeInTurn()
    {
        TunSource[] busy = [Source(1), Source(2), Source(3)];
        foreach (var source in busy)
            _turns.End(source, isEmpty: false);

        var order = new List<uint>();
        for (var i = 0; i < 6; i++)
        {
            var source = _turns.Next()!;
            order.Add(source.Key);
            _turns.End(source, isEmpty: false);
        }

        Assert.Equal([1u, 2, 3, 1, 2, 3], order);
    }

    [Fact]
    public void End_NewDeviceThatIsEmptyBesideBusyOnes_StillLinesUpBehindThem()
    {
        var (busy, idle) = (Source(1), Source(2));
        _turns.End(busy, isEmpty: false);

        _turns.End(idle, isEmpty: true);
        Assert.True(idle.IsQueued);
        Assert.Same(busy, _turns.Next());
        _turns.End(busy, isEmpty: false);
        Assert.Same(idle, _turns.Next());
        _turns.End(idle, isEmpty: true);

        Assert.False(idle.IsQueued);
    }

    [Fact]
    public void End_OnlyDeviceIsEmpty_NobodyWaits()
    {
        _turns.End(Source(1), isEmpty: true);

        Assert.False(_turns.IsAnyQueued);
        Assert.Null(_turns.Next());
    }

    private static TunSource Source(uint key) => new(null!, null, null, key);

    private static int FramesOfATurn(TunSource source, int length)
    {
        var frames = 1;
        while (DeviceTurns.Charge(source, length))
            frames++;
        return frames;
    }
}
