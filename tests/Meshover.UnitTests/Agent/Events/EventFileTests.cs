using Meshover.Agent.Events;
using Meshover.Mesh.Events;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Events;

public sealed class EventFileTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-events-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Events_AreReadAsTheyWereWritten_AndNumberedOnAfterARestart()
    {
        var change = Change() with { Node = "n1", Subject = "n3", Code = "peer-off", From = "a", To = "b", Actor = "root", Text = "Words, \"quoted\"\nand more." };
        new EventFile(_directory).Append(change);
        new EventFile(_directory).Append(Change());
        Assert.Equal([change with { Number = 1 }, Change() with { Number = 2 }], new EventFile(_directory).Read());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(new EventFile(_directory).Present));
    }

    [Theory]
    [InlineData("{\"number\":2,\"time\":\"2026-")] // the machine went off in the middle of a line
    [InlineData("{\"number\":2,\"ti\n")]
    [InlineData("\0\0\0\0\0\0\0\0")] // a file system that knew the length and not the content
    public void LineThatIsTorn_IsSkipped_AndCostsNoOther(string torn)
    {
        var file = new EventFile(_directory);
        file.Append(Change());
        File.AppendAllText(file.Present, torn);
        var again = new EventFile(_directory);
        again.Append(Change());
        Assert.Equal([1, 2], again.Read().Select(change => change.Number));
    }

    [Fact]
    public void Rows_AreBounded_AndTheNewestKept()
    {
        var file = new EventFile(_directory);
        for (var i = 0; i < (2 * EventFile.MostRows) + 10; i++)
            file.Append(Change());
        var numbers = file.Read().Select(change => change.Number).ToList();
        Assert.InRange(numbers.Count, EventFile.MostRows, 2 * EventFile.MostRows);
        Assert.Equal((2 * EventFile.MostRows) + 10, numbers[^1]);
        Assert.Equal(Enumerable.Range((int)numbers[0], numbers.Count).Select(number => (long)number), numbers);
    }

    [Fact]
    public void Bytes_AreBounded()
    {
        var file = new EventFile(_directory);
        for (var i = 0; i < 50; i++)
            file.Append(Change() with { Text = new string('x', 100_000) });
        Assert.True(new FileInfo(file.Present).Length + new FileInfo(file.Former).Length < (2 * EventFile.MostBytes) + 300_000);
        Assert.Equal(50, file.Read().Last().Number);
    }

    [Fact]
    public void Days_AreBounded()
    {
        var file = new EventFile(_directory);
        file.Append(Change());
        file.Append(Change(days: 16));
        file.Append(Change(days: 32));
        Assert.Equal([2, 3], file.Read().Select(change => change.Number));
    }

    /// <summary>A hardware clock that is wrong until NTP answers, and the file written by one agent or by one after each event.</summary>
    [Theory]
    [InlineData(365, false)]
    [InlineData(365, true)]
    [InlineData(-365 * 50, false)]
    [InlineData(-365 * 50, true)]
    public void Clock_ThatJumpsToAndFro_CostsNoEvent(int days, bool isEachAnew)
    {
        var file = new EventFile(_directory);
        int[] times = [0, 16, 17, 17 + days, 17 + days, 18, 19];
        foreach (var time in times)
            (isEachAnew ? new EventFile(_directory) : file).Append(Change(time));
        Assert.Equal(times.Select(time => Change(time).Time), file.Read().Select(change => change.Time));
        // Age counts on from there.
        file.Append(Change(days: 35));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], file.Read().Select(change => change.Number));
    }

    [Fact]
    public async Task Log_ThatEndsWhileOneIsTriedAgain_KeepsItWhereTheDiskTakesItNow()
    {
        var (file, time) = (new EventFile(_directory), new FakeTimeProvider(Start));
        Directory.CreateDirectory(file.Present);
        using var stop = new CancellationTokenSource();
        var log = new EventLog(file, NullLogger.Instance, time);
        log.Tell([Change() with { Subject = "held" }, Change() with { Subject = "after" }]);
        var running = log.RunAsync(stop.Token); // up to the first pause, which never ends
        Directory.Delete(file.Present);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));
        Assert.Equal(["held", "after"], file.Read().Select(change => change.Subject));
    }

    [Fact]
    public void File_TakenAwayWhileItIsWritten_IsBegunAnew()
    {
        var file = new EventFile(_directory);
        file.Append(Change());
        File.Delete(file.Present);
        file.Append(Change());
        Assert.Equal([2], file.Read().Select(change => change.Number));
    }

    [Fact]
    public void NoFile_IsNoEvents() => Assert.Empty(new EventFile(Path.Combine(_directory, "none")).Read());

    /// <summary>A directory in the file's place refuses root as well.</summary>
    [Fact]
    public async Task Log_OfADiskThatTakesNone_HoldsNobodyUp_AndSaysLaterHowManyAreLost()
    {
        var (file, time) = (new EventFile(_directory), new FakeTimeProvider(Start));
        Directory.CreateDirectory(file.Present);
        var log = new EventLog(file, NullLogger.Instance, time);
        using var stop = new CancellationTokenSource();
        var running = log.RunAsync(stop.Token);
        log.Tell(Enumerable.Repeat(Change(), 1000));

        Directory.Delete(file.Present);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (file.Read().All(change => change.Kind != EventKinds.EventsDropped.Name))
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        var events = file.Read().ToList();
        var lost = int.Parse(events.Single(change => change.Kind == EventKinds.EventsDropped.Name).Subject, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(1000, events.Count - 1 + lost);
        Assert.True(lost > 700, $"{lost}");
    }

    private static MeshEvent Change(int days = 0) => new() { Time = Start + TimeSpan.FromDays(days), Kind = "session.up" };
}
