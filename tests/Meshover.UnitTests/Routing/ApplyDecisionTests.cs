using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class ApplyDecisionTests
{
    private static readonly FrrConfig Old = FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Embedded);
    private static readonly FrrConfig New = FrrRenderer.Render(Models.Node(1, 4), FrrTemplateSet.Embedded);
    private static readonly FrrConfig OtherPort = Old with { BgpPort = 1179 };

    private static readonly (string Case, FrrSituation Now, FrrConfig Wanted, ApplyStep Step)[] Table =
    [
        ("nothing runs", new(false, null, false, null), New, ApplyStep.Start),
        ("nothing runs, though it did", new(false, New, false, null), New, ApplyStep.Start),
        ("adopted, and nobody knows what it runs", new(true, null, false, null), New, ApplyStep.Anew),
        ("a change was begun and not ended", new(true, Old, true, null), New, ApplyStep.Anew),
        ("a change was begun, and what ran before is wanted", new(true, Old, true, null), Old, ApplyStep.Anew),
        ("it runs that already", new(true, New, false, null), New, ApplyStep.Nothing),
        ("a neighbour more", new(true, Old, false, null), New, ApplyStep.Difference),
        ("a neighbour less", new(true, New, false, null), Old, ApplyStep.Difference),
        ("another port of BGP", new(true, Old, false, null), OtherPort, ApplyStep.Anew),
        ("refused a short while ago", new(true, Old, false, "no"), New, ApplyStep.Refuse),
        ("refused, and nothing runs", new(false, null, false, "no"), New, ApplyStep.Refuse),
        ("hundred nodes at once", new(true, Old, false, null), FrrRenderer.Render(Models.Node(1, 100), FrrTemplateSet.Embedded), ApplyStep.Difference),
        ("thousand prefixes are announced no more", new(true, Old with { Bgpd = WithNetworks(Old.Bgpd, 1000) }, false, null), Old, ApplyStep.Difference),
        ("all lines are others", new(true, new FrrConfig("a\nb\nc\n", "d\ne\n", ""), false, null), new FrrConfig("f\n", "g\n", ""), ApplyStep.Anew),
    ];

    private static string WithNetworks(string bgpd, int count) =>
        bgpd.Replace(" address-family ipv4 unicast\n", " address-family ipv4 unicast\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"  network 10.224.{i / 256}.{i % 256}/32\n")), StringComparison.Ordinal);

    [Fact]
    public void For_EachSituation_IsOneStep() =>
        Assert.All(Table, row => Assert.Equal((row.Case, row.Step), (row.Case, ApplyDecision.For(row.Wanted, row.Now))));

    [Fact]
    public void After_EachFailure_GoesBackOnlyFromWordsThatADaemonRefused() => Assert.Equal(
        [AfterFailure.Forward, AfterFailure.Back, AfterFailure.Forward, AfterFailure.Wait],
        new[] { ApplyFailure.RemovalRefused, ApplyFailure.Refused, ApplyFailure.ToolFailed, ApplyFailure.Died }.Select(ApplyDecision.After));

    [Fact]
    public void Refusals_OfADaemon_AreForgottenAfterAPauseThatDoublesUpToAnHour()
    {
        var time = new FakeTimeProvider();
        var refusals = new RefusalMemory(time);
        var pauses = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            refusals.RememberDaemons(New, "% locked");
            pauses.Add(MinutesUntilForgotten(refusals, time));
        }
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], pauses);
    }

    [Fact]
    public void Refusals_OfWords_LastUntilFrrStartsAnew()
    {
        var time = new FakeTimeProvider();
        var refusals = new RefusalMemory(time);
        refusals.RememberWords(New, "Unknown command");
        time.Advance(TimeSpan.FromDays(7));
        Assert.Equal("Unknown command", refusals.Recall(New));
        Assert.Null(refusals.Recall(Old));
        refusals.ForgetWords();
        Assert.Null(refusals.Recall(New));
    }

    [Fact]
    public void Refusals_OfAPlace_AreOfAnyConfigurationThereAndOfNoOtherPlace_AndPauseLongerEachTime()
    {
        var time = new FakeTimeProvider();
        var refusals = new RefusalMemory(time);
        var there = FrrBackendConfig.Of(FrrBackendKind.Docker, image: null, socket: null);
        refusals.RememberPlace(New with { Backend = there }, "bfdd ended");
        refusals.RememberDaemons(New, "% locked");
        Assert.Equal("bfdd ended", refusals.Recall(Old with { Backend = there }));
        Assert.Null(refusals.Recall(Old));
        Assert.Equal("% locked", refusals.Recall(New));
        refusals.Forget(Old);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(refusals.Recall(Old with { Backend = there }));
        refusals.RememberPlace(Old with { Backend = there }, "bfdd ended");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("bfdd ended", refusals.Recall(New with { Backend = there }));
    }

    [Fact]
    public void Refusals_LastGoodTextTakenMeanwhile_AreRemembered()
    {
        var refusals = new RefusalMemory(new FakeTimeProvider());
        refusals.RememberDaemons(New, "no");
        refusals.Forget(Old);
        Assert.Equal("no", refusals.Recall(New));
        refusals.Forget(New);
        Assert.Null(refusals.Recall(New));
    }

    [Fact]
    public void Patience_GrowsWithTheText()
    {
        var file = FrrRenderer.Render(Models.Node(1, 500), FrrTemplateSet.Embedded).Bgpd;
        Assert.True(Meshover.Routing.Vtysh.Patience.For(file) > TimeSpan.FromMinutes(10), "89 s on an idle machine; ours may be busy");
        Assert.Equal(TimeSpan.FromMinutes(2), Meshover.Routing.Vtysh.Patience.For(""));
    }

    private static double MinutesUntilForgotten(RefusalMemory refusals, FakeTimeProvider time)
    {
        var since = time.GetTimestamp();
        while (refusals.Recall(New) is not null) time.Advance(TimeSpan.FromSeconds(30));
        return time.GetElapsedTime(since).TotalMinutes;
    }
}
