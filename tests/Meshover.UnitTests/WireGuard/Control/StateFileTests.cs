using Meshover.WireGuard.Control;
using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class StateFileTests : IDisposable
{
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

        new TimestampFile(path, NullLogger.Instance).Save(mark);

        Assert.Equal(mark, new TimestampFile(path, NullLogger.Instance).Load());
    }

    [Fact]
    public void TimestampFile_ThatCannotBeWritten_LetsHandshakesGoOn()
    {
        var blocked = Path.Combine(_directory, "file");
        File.WriteAllText(blocked, "");
        var store = new TimestampFile(Path.Combine(blocked, "tai64n"), NullLogger.Instance);

        store.Save(Tai64n.FromUnix(TimeSpan.FromDays(20_000)));

        Assert.Null(store.Load());
    }
}
