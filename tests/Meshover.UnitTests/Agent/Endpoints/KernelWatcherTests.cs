using System.Net;
using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Endpoints;
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

    private static async Task<IPAddress[]> NextAsync(ChannelReader<AgentInput> inputs)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return [.. Assert.IsType<AgentInput.UnderlayChanged>(await inputs.ReadAsync(limit.Token)).State.Addresses];
    }
}
