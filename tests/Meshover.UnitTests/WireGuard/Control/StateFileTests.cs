using System.Diagnostics;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class StateFileTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-state-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_NewFile_IsItsOwnersAlone()
    {
        var path = Path.Combine(_directory, "sub", "state.json");
        StateFile.Write(path, new SavedState { Config = Configs.With(Configs.Peer(1)) }, ControlJson.Default.SavedState);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal("mo-00000001", StateFile.Read(path, ControlJson.Default.SavedState)!.Config.Peers[0].Link!.Name);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Load_DamagedState_IsNone()
    {
        var path = Path.Combine(_directory, "state.json");
        File.WriteAllText(path, """{"version":1,"config":{"interf""");
        Assert.Null(new EngineState(path, NullLogger.Instance).Load());
    }

    [Fact]
    public void TimestampFile_AfterARestart_HasTheMark()
    {
        var path = Path.Combine(_directory, "tai64n");
        var mark = Tai64n.FromUnix(TimeSpan.FromDays(20_000));
        Assert.Null(new TimestampFile(path, NullLogger.Instance).Load());

        var file = new TimestampFile(path, NullLogger.Instance);
        file.Save(mark);

        Assert.True(file.Flush(Long));
        Assert.Equal(mark, new TimestampFile(path, NullLogger.Instance).Load());
    }

    [Fact]
    public void TimestampFile_ThatCannotBeWritten_LetsHandshakesGoOn()
    {
        var blocked = Path.Combine(_directory, "file");
        File.WriteAllText(blocked, "");
        var store = new TimestampFile(Path.Combine(blocked, "tai64n"), NullLogger.Instance);

        store.Save(Tai64n.FromUnix(TimeSpan.FromDays(20_000)));

        Assert.True(store.Flush(Long));
        Assert.Null(store.Load());
    }

    [Fact]
    public void TimestampFile_OnADiskThatHangs_HoldsNobodyAndSaysSoOnce()
    {
        var path = Path.Combine(_directory, "tai64n");
        using (var mkfifo = Process.Start("mkfifo", path + ".new")) // which nobody reads: whoever opens it for writing waits
            mkfifo.WaitForExit();
        var log = new FakeLogger();
        var file = new TimestampFile(path, log);
        for (var day = 20_000; day < 20_003; day++)
            file.Save(Tai64n.FromUnix(TimeSpan.FromDays(day)));

        Assert.False(file.Flush(TimeSpan.FromMilliseconds(50)));
        Assert.Single(log.Lines, line => line.Contains("waiting for its disk", StringComparison.Ordinal));
        Release(file, path);
    }

    // Reads what is written to the pipe; after it comes a file. If the writer came to it late, it is the last already, and what has the file's
    // name now is the pipe.
    private static void Release(TimestampFile file, string path)
    {
        var label = new byte[Tai64n.Length];
        using (var pipe = File.OpenRead(path + ".new"))
            pipe.ReadExactly(label);
        Assert.True(file.Flush(Long));
        var last = Tai64n.FromUnix(TimeSpan.FromDays(20_002));
        Assert.True(Tai64n.Read(label) == last || file.Load() == last);
    }

    private sealed class FakeLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
