using System.Globalization;
using Meshover.Console.UseCases;
using Meshover.Controller.Console.Past;
using Meshover.Controller.Live;
using Microsoft.Data.Sqlite;
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
        var (at, _, view) = (await file.ReadAsync(At(5), None))!.Value;
        Assert.Equal((At(1), "n2", "site", Health.Warning, 12.5), (at, view.Vertices.Single().Name, view.Vertices.Single().Site, view.Vertices.Single().Health, view.Links.Single().RttMs));
        Assert.Equal(("peer-unreached", 7, "n1 n2"), (view.Problems[1].Code, view.Problems[1].Count, string.Join(' ', view.Problems[1].Nodes)));
        Assert.Equal((Health.Bad, "node-lost"), (view.Problems[0].Health, view.Problems[0].Code));

        await file.KeepAsync(Start + MomentFile.KeptFor + TimeSpan.FromSeconds(1), View("n3"), None);
        Assert.Equal(At(1), (await file.SpanAsync(None)).Oldest);
        // A machine that wakes up in 1970 takes nothing out of it.
        await file.KeepAsync(DateTimeOffset.UnixEpoch, View("n4"), None);
        Assert.Equal("n3", (await file.ReadAsync(DateTimeOffset.MaxValue, None))!.Value.View.Vertices.Single().Name);
    }

    /// <summary>What nobody changed is kept once an hour, with its round trips; and a controller that was away says nothing of that time.</summary>
    [Fact]
    public async Task Moments_InWhichOnlyRoundTripsChange_AreOneForAnHour()
    {
        using var file = new MomentFile(Path.Combine(_directory, "history.db"), NullLogger<MomentFile>.Instance);
        for (var minute = 0; minute < 90; minute++)
            await file.KeepAsync(At(minute), Slower(View("n1"), minute), None);
        Assert.Equal(new PastSpan(Start, At(89)), await file.SpanAsync(None));
        var (at, taken, view) = (await file.ReadAsync(At(59).AddSeconds(30), None))!.Value;
        Assert.Equal((At(59), Start, 12.5), (at, taken, view.Links.Single().RttMs));
        Assert.Equal((At(75), At(60), 72.5), Figures((await file.ReadAsync(At(75), None))!.Value));

        // A change, and back again.
        await file.KeepAsync(At(90), View("n2"), None);
        await file.KeepAsync(At(91), View("n1"), None);
        Assert.Equal("n2", (await file.ReadAsync(At(90).AddSeconds(59), None))!.Value.View.Vertices.Single().Name);
        Assert.Equal((At(91), At(91), 12.5), Figures((await file.ReadAsync(At(91), None))!.Value));
        // The same after half an hour of which nothing is known.
        await file.KeepAsync(At(120), View("n1"), None);
        Assert.Equal((At(91), At(91), 12.5), Figures((await file.ReadAsync(At(110), None))!.Value));
        Assert.Equal((At(120), At(120), 12.5), Figures((await file.ReadAsync(At(125), None))!.Value));
    }

    /// <summary>A file of before this column was there goes on.</summary>
    [Fact]
    public async Task File_OfBefore_IsGoneOnWith()
    {
        var path = Path.Combine(_directory, "history.db");
        await using (var old = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await old.OpenAsync(None);
            await using var command = old.CreateCommand();
            command.CommandText = "CREATE TABLE moments (time INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT; INSERT INTO moments VALUES ($time, $data)";
            command.Parameters.AddWithValue("$time", Start.ToUnixTimeSeconds());
            command.Parameters.AddWithValue("$data", MomentRecord.Write(View("n1")));
            await command.ExecuteNonQueryAsync(None);
        }
        using var file = new MomentFile(path, NullLogger<MomentFile>.Instance);
        Assert.Equal((Start, Start, 12.5), Figures((await file.ReadAsync(At(5), None))!.Value));
        await file.KeepAsync(At(6), View("n1"), None);
        Assert.Equal(new PastSpan(Start, At(6)), await file.SpanAsync(None));
    }

    /// <summary>
    /// One picture with all of its links, each with a round trip of its own: what docs/console.md says of the file's size rests on it.
    /// </summary>
    [Theory]
    [InlineData(64, 2_016, 64)]
    [InlineData(200, 4_000, 128)]
    public void Picture_IsSmall(int nodes, int links, int mostKibibytes)
    {
        var pairs = Enumerable.Range(1, nodes).SelectMany(from => Enumerable.Range(from + 1, nodes - from), (from, to) => (From: $"{from}", To: $"{to}")).Take(links);
        var view = new MeshView
        {
            Vertices = [.. Enumerable.Range(1, nodes).Select(id => new Vertex($"{id}", $"node-{id}.example", $"site-{id % 8}", "ok", Health.Fine, 1, id < 5))],
            Links = [.. pairs.Select(pair => new Link($"{pair.From}-{pair.To}", pair.From, pair.To, "up", Health.Fine, ((int.Parse(pair.From, CultureInfo.InvariantCulture) * 7919) + (int.Parse(pair.To, CultureInfo.InvariantCulture) * 104_729)) % 80_021 / 1_000.0))],
        };
        Assert.Equal(links, view.Links.Length);
        Assert.InRange(MomentRecord.Write(view).Length, 1, mostKibibytes * 1024);
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

    private static MeshView Slower(MeshView view, double by) => view with { Links = [.. view.Links.Select(link => link with { RttMs = link.RttMs + by })] };

    private static (DateTimeOffset At, DateTimeOffset Taken, double? Rtt) Figures((DateTimeOffset At, DateTimeOffset Taken, MeshView View) moment) =>
        (moment.At, moment.Taken, moment.View.Links.Single().RttMs);

    private static MeshView View(string name) => new()
    {
        Vertices = [new Vertex("1", name, "site", "degraded", Health.Warning, 1, false)],
        Links = [new Link("1-2", "1", "2", "up", Health.Fine, 12.5)],
        Problems = [new Problem("node-lost", Health.Bad, "fault", "", "", ["n9"], 1), new Problem("peer-unreached", Health.Bad, "fault", "", "", ["n1", "n2"], 7)],
    };
}
