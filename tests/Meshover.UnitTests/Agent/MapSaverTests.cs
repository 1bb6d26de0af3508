using Meshover.Agent;
using Meshover.Agent.ControllerLink;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent;

public sealed class MapSaverTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-maps-").FullName;
    private readonly MapFile _retained;
    private readonly MapSaver _saver;

    public MapSaverTests()
    {
        _retained = MapFile.OfRetained(_directory);
        _saver = new MapSaver(new MapFile(_directory), _retained, NullLogger.Instance, new FakeTimeProvider());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Retained_OfAFormerAgentWhoseTimeIsOver_IsDeleted()
    {
        _retained.Save(TestMesh.Full(4));
        await FinishAsync(new AgentState().WithMap(TestMesh.Full(2), retained: null));
        Assert.False(File.Exists(_retained.FilePath));
    }

    [Fact]
    public async Task Retained_ThatCannotBeRead_IsDeleted()
    {
        await File.WriteAllTextAsync(_retained.FilePath, "not a map", TestContext.Current.CancellationToken);
        await FinishAsync(new AgentState());
        Assert.False(File.Exists(_retained.FilePath));
    }

    [Fact]
    public async Task Retained_ThatIsStillUsed_Stays()
    {
        _retained.Save(TestMesh.Full(4));
        await FinishAsync(new AgentState().WithMap(TestMesh.Full(2), _retained.Load(out _)));
        Assert.True(File.Exists(_retained.FilePath));
    }

    private Task FinishAsync(AgentState state)
    {
        _saver.Begin(state);
        return _saver.FinishAsync(state);
    }
}
