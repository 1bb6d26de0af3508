using Meshover.Console.UseCases;
using Meshover.Controller.Console.Past;
using Meshover.Controller.Live;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Controller;

/// <summary>What the console keeps of the past: bounded, and worth less than anything else.</summary>
public sealed class PastTests : IDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now);
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-past-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Series_AreRatesBetweenSummaries_WithGapsWhereNothingWasHeard()
    {
        var book = new SeriesBook();
        Take(book, 0, new HealthReport { At = Start, RxBytes = 1_000, TxBytes = 500, Echoes = 10, EchoesLost = 0, Rtt = TimeSpan.FromMilliseconds(3) });
        Take(book, 1, new HealthReport { At = At(1), RxBytes = 7_000, TxBytes = 500, Echoes = 20, EchoesLost = 1, Rtt = TimeSpan.FromMilliseconds(4) });
        // Its data plane began anew, and then it is heard no more.
        Take(book, 2, new HealthReport { At = At(2), RxBytes = 10, TxBytes = 5, Echoes = 30, EchoesLost = 1, Rtt = TimeSpan.FromMilliseconds(4) });
        Take(book, 9, new HealthReport { At = At(2), RxBytes = 10, TxBytes = 5, Rtt = TimeSpan.FromMilliseconds(4) });
        var series = book.Of(1)!;
        Assert.Equal([null, 100, null, null], series.Rx);
        Assert.Equal([null, 0, null, null], series.Tx);
        Assert.Equal([3, 4, 4, null], series.RttMs);
        Assert.Equal([null, 10, 0, null], series.LossPercent);
        Assert.Null(book.Of(2));
    }

    [Fact]
    public void Series_AreOfTheLastHoursAndOfMembersAlone()
    {
        var book = new SeriesBook();
        for (var minute = 0; minute < SeriesBook.Points + 5; minute++)
            Take(book, minute, new HealthReport { At = At(minute), RxBytes = (ulong)minute * 60 });
        Assert.Equal(SeriesBook.Points, book.Of(1)!.Rx.Length);
        Assert.All(book.Of(1)!.Rx, rate => Assert.Equal(1, rate));
        book.Take(LiveState.Empty, [2], At(1_000));
        Assert.Null(book.Of(1));
        // Who came later has only what was taken since.
        Assert.Single(book.Of(2)!.Rx);
    }

    [Fact]
    public async Task Moments_AreFoundByTheTimeBefore_ForAWeek()
    {
        using var file = new MomentFile(Path.Combine(_directory, "history.db"), NullLogger<MomentFile>.Instance);
        Assert.Equal(new PastSpan(null, null), await file.SpanAsync(None));
        await file.KeepAsync(Start, View("n1"), None);
        await file.KeepAsync(At(1), View("n2"), None);
        Assert.Null(await file.ReadAsync(Start.AddSeconds(-1), None));
        Assert.Equal("n1", (await file.ReadAsync(At(1).AddSeconds(-1), None))!.Value.View.Vertices.Single().Name);
        var (at, view) = (await file.ReadAsync(At(5), None))!.Value;
        Assert.Equal((At(1), "n2", "site", Health.Warning, 12.5), (at, view.Vertices.Single().Name, view.Vertices.Single().Site, view.Vertices.Single().Health, view.Links.Single().RttMs));
        Assert.Equal(("peer-unreached", 7, "n1 n2"), (view.Problems[1].Code, view.Problems[1].Count, string.Join(' ', view.Problems[1].Nodes)));
        Assert.Equal((Health.Bad, "node-lost"), (view.Problems[0].Health, view.Problems[0].Code));

        await file.KeepAsync(Start + MomentFile.KeptFor + TimeSpan.FromSeconds(1), View("n3"), None);
        Assert.Equal(At(1), (await file.SpanAsync(None)).Oldest);
        // A machine that wakes up in 1970 takes nothing out of it.
        await file.KeepAsync(DateTimeOffset.UnixEpoch, View("n4"), None);
        Assert.Equal("n3", (await file.ReadAsync(DateTimeOffset.MaxValue, None))!.Value.View.Vertices.Single().Name);
    }

    [Fact]
    public async Task File_ThatIsDamaged_IsPutAsideAndBegunAnew()
    {
        var path = Path.Combine(_directory, "history.db");
        await File.WriteAllTextAsync(path, new string('x', 8192), None);
        using var file = new MomentFile(path, NullLogger<MomentFile>.Instance);
        await file.KeepAsync(Start, View("n1"), None);
        Assert.Equal(Start, (await file.SpanAsync(None)).Newest);
        Assert.True(File.Exists($"{path}.damaged"));
    }

    private static DateTimeOffset At(int minute) => Start.AddMinutes(minute);

    private static void Take(SeriesBook book, int minute, HealthReport health) => book.Take(LiveState.Empty.Tell(1, _ => health), [1], At(minute));

    private static MeshView View(string name) => new()
    {
        Vertices = [new Vertex("1", name, "site", "degraded", Health.Warning, 1, false)],
        Links = [new Link("1-2", "1", "2", "up", Health.Fine, 12.5)],
        Problems = [new Problem("node-lost", Health.Bad, "fault", "", "", ["n9"], 1), new Problem("peer-unreached", Health.Bad, "fault", "", "", ["n1", "n2"], 7)],
    };
}
