using System.Net;
using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reconciling;
using Meshover.Linux.Netlink;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Endpoints;

public sealed class KernelWatcherTests
{
    [Fact]
    public async Task SetSurroundings_ControllerStandsInThePrefixThatIsAnnounced_LooksAnewByItself()
    {
        using var machine = new FakeMachine();
        machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        var inputs = Channel.CreateUnbounded<AgentInput>();
        using var stop = new CancellationTokenSource();
        var watcher = new KernelWatcher(machine, [], inputs.Writer, () => { }, NullLogger.Instance, TimeProvider.System);
        var behind = new UnderlaySurroundings([IPNetwork.Parse("192.0.0.0/16")], []);
        watcher.SetSurroundings(behind);
        var running = watcher.RunAsync(stop.Token);
        Assert.Empty(await NextAsync(inputs.Reader));

        watcher.SetSurroundings(behind with { Members = [IPAddress.Parse("192.0.2.100")] });

        Assert.Equal([IPAddress.Parse("192.0.2.1")], await NextAsync(inputs.Reader));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData(KernelChanges.Own, true)]
    [InlineData(KernelChanges.Own | KernelChanges.Mirror, true)]
    [InlineData(KernelChanges.UnderlayLost | KernelChanges.Underlay, true)]
    [InlineData(KernelChanges.Resync, true)]
    [InlineData(KernelChanges.Underlay, false)]
    [InlineData(KernelChanges.Mirror, false)] // of another daemon's, some thousand routes
    [InlineData(KernelChanges.Mirror | KernelChanges.Underlay, false)]
    public void Changes_OfOthersThatLoseNothing_AreGathered(KernelChanges changes, bool isUrgent) =>
        Assert.Equal(isUrgent, KernelWatcher.IsUrgent(changes));

    private static async Task<IPAddress[]> NextAsync(ChannelReader<AgentInput> inputs)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return [.. Assert.IsType<AgentInput.UnderlayChanged>(await inputs.ReadAsync(limit.Token)).State.Addresses];
    }
}
