using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>A state that another release wrote.</summary>
public sealed class EngineStateTests : IDisposable
{
    private const string Key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-state-").FullName;

    [Fact]
    public void Load_WithFieldsOfANewerRelease_IgnoresThem()
    {
        var state = Load(
            $$$"""{"version":1,"mood":1,"config":{"interface":"meshover0","privateKey":"{{{Key}}}","listenPort":1,"mtu":1420,"colour":2}}""");

        Assert.Equal(1, state!.Config.ListenPort);
        Assert.Empty(state.Endpoints);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public void Load_OfAnotherVersion_IsLeftAlone(int version) => Assert.Null(Load(
        $$$"""{"version":{{{version}}},"config":{"interface":"meshover0","privateKey":"{{{Key}}}","listenPort":1,"mtu":1420}}"""));

    [Fact]
    public void Save_WithoutAPath_WritesNothing()
    {
        var state = new EngineState(path: null, NullLogger.Instance);
        state.Save(Configs.Plain, []);
        state.SaveSoon();
        state.SaveIfChanged(Configs.Plain, [], now: 1_000_000);

        Assert.Null(state.Load());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private SavedState? Load(string json)
    {
        var path = Path.Combine(_directory, "state.json");
        File.WriteAllText(path, json);
        return new EngineState(path, NullLogger.Instance).Load();
    }
}
