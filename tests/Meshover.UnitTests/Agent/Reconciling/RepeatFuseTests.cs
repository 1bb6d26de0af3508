using Meshover.Agent.Reconciling.Kernel;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class RepeatFuseTests
{
    private static readonly KernelChange Fought = new WriteSysctl("a", "1");
    private static readonly KernelChange Other = new WriteSysctl("b", "1");
    private readonly FakeTimeProvider _time = new();
    private readonly RepeatFuse _fuse;

    public RepeatFuseTests() => _fuse = new RepeatFuse(_time);

    [Fact]
    public void Admit_SameChangeInManyPassesRunning_IsHeldBackAndSaidAndTriedAgain()
    {
        var made = Passes(20);

        Assert.Equal(8, made);
        Assert.Contains("sysctl a = 1", Assert.Single(_fuse.Complaints).Text, StringComparison.Ordinal);
        Assert.Equal([Other], _fuse.Admit([Fought, Other]));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Fought], _fuse.Admit([Fought]));
    }

    [Fact]
    public void Admit_FoughtOnAndOn_WaitsLongerEachTimeButNeverLong()
    {
        var made = 0;
        for (var second = 0; second < 120; second++)
        {
            made += Passes(1);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(made, 20, 28);
    }

    [Fact]
    public void Admit_NotWantedForOnePass_IsSettled()
    {
        Passes(20);
        Assert.Equal([Other], _fuse.Admit([Other]));
        Assert.Empty(_fuse.Complaints);
        Assert.Equal([Fought], _fuse.Admit([Fought]));
    }

    [Fact]
    public void Admit_RouteThatChangesEachTime_IsNotFoughtAbout()
    {
        for (uint mtu = 1300; mtu < 1320; mtu++)
        {
            KernelChange[] changes = [new RemoveRoute(KernelScene.Route("10.0.0.0/8") with { Mtu = mtu }, "eth0")];
            Assert.Equal(changes, _fuse.Admit(changes));
            _fuse.Count(changes);
        }

        Assert.Empty(_fuse.Complaints);
    }

    private int Passes(int count)
    {
        var made = 0;
        for (var pass = 0; pass < count; pass++)
        {
            var admitted = _fuse.Admit([Fought]);
            _fuse.Count(admitted);
            made += admitted.Count;
        }

        return made;
    }
}
