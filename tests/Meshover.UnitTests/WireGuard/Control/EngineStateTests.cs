using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>A state that another release wrote.</summary>
public sealed class EngineStateTests : IDisposable
{
    private const string Key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

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

    [Fact]
    public void Save_AndLoad_GiveTheEndpointsAndNewestTimestampsOfPeers()
    {
        var newest = Tai64n.FromUnix(TimeSpan.FromDays(20_000));
        var peer = Peer.Create(new Session.Engine(1).Manager, Configs.Key(5), worker: 0);
        peer.Endpoint = new UdpAddress(IPEndPoint.Parse("192.0.2.7:1234"));
        peer.Session.NewestTimestamp = newest;
        var state = NewState();
        state.Save(Configs.Plain, [new EnginePeer(peer, Configs.Peer(5))]);
        Assert.True(state.Flush(Long));

        var saved = Assert.Single(NewState().Load()!.Endpoints);
        Assert.Equal((Configs.Key(5), IPEndPoint.Parse("192.0.2.7:1234")), (saved.PublicKey, saved.Endpoint));
        Assert.Equal(newest, Tai64n.Parse(saved.Newest!));
    }

    [Fact]
    public void Delete_RightAfterSave_LeavesNothing()
    {
        var state = NewState();
        state.Save(Configs.Plain, []);
        state.Delete();
        Assert.True(state.Flush(Long));

        Assert.Empty(Directory.GetFiles(_directory));
    }

    private EngineState NewState() => new(Path.Combine(_directory, "state.json"), NullLogger.Instance);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private SavedState? Load(string json)
    {
        var path = Path.Combine(_directory, "state.json");
        File.WriteAllText(path, json);
        return new EngineState(path, NullLogger.Instance).Load();
    }
}
