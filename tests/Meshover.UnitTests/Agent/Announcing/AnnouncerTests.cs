using System.Net;
using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Provided;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Announcing;

public sealed class AnnouncerTests
{
    [Fact]
    public async Task Run_ASourceThatWantsSomethingElse_WakesTheLoop_AndOneThatWantsTheSameDoesNot()
    {
        var inputs = Channel.CreateUnbounded<AgentInput>();
        var source = new ConfiguredAnnouncements([]);
        var announcer = new Announcer([source], new ProviderTable(new ProviderFile(Path.GetTempPath()), NullLogger.Instance, TimeProvider.System), inputs.Writer);
        using var stop = new CancellationTokenSource();
        var running = announcer.RunAsync(announcer.Current, stop.Token);

        source.Take([]);
        source.Take([IPNetwork.Parse("10.64.1.0/24")]);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var told = Assert.IsType<AgentInput.AnnouncementsChanged>(await inputs.Reader.ReadAsync(limit.Token)).Announcements;
        Assert.Equal(announcer.Current, told);
        Assert.Equal("1 prefix", Assert.Single(told.Sources).Status);
        Assert.False(inputs.Reader.TryRead(out _));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
