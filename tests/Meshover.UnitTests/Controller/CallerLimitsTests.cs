using System.Net;
using Meshover.Controller.Api;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class CallerLimitsTests : IDisposable
{
    private readonly CallerLimits _limits = new(connections: new Rate(2, 0.001), openConnections: 1, calls: new Rate(2, 0.001), messages: new Rate(2, 0.001));

    public void Dispose() => _limits.Dispose();

    [Fact]
    public void Connections_OfOneAddress_AreSoManyAtATimeAndSoManyAltogether_WhateverOthersDo()
    {
        using (var first = Connect("192.0.2.1"))
        {
            Assert.True(first.IsAcquired);
            Assert.False(Connect("::ffff:192.0.2.1").IsAcquired); // one is open
        }
        Assert.False(Connect("192.0.2.1").IsAcquired); // two were opened
        Assert.True(Connect("192.0.2.2").IsAcquired);
    }

    [Fact]
    public void Calls_OfOneIpv6Network_CountTogether()
    {
        Assert.True(_limits.MayCall(IPAddress.Parse("2001:db8::1")));
        Assert.True(_limits.MayCall(IPAddress.Parse("2001:db8::2")));
        Assert.False(_limits.MayCall(IPAddress.Parse("2001:db8::3%7")));
        Assert.True(_limits.MayCall(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void TheMachineItself_HasNoLimit()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.True(Connect("127.0.0.1").IsAcquired);
            Assert.True(_limits.Connect(null).IsAcquired);
            Assert.True(_limits.MayCall(IPAddress.IPv6Loopback) && _limits.MayCall(null));
        }
    }

    [Fact]
    public async Task Messages_BeyondTheRate_WaitAndAreNotRefused()
    {
        await _limits.PaceAsync("a", CancellationToken.None);
        await _limits.PaceAsync("a", CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var third = _limits.PaceAsync("a", stop.Token).AsTask();
        await _limits.PaceAsync("b", CancellationToken.None);
        Assert.False(third.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
    }

    [Fact]
    public async Task Messages_ThatWaited_AreReadInTheEnd()
    {
        using var limits = new CallerLimits(new Rate(1, 1), 1, new Rate(1, 1), messages: new Rate(1, 5));
        for (var i = 0; i < 4; i++)
            await limits.PaceAsync("a", CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void LogPace_HoldsBackWhatIsTooMuch_AndCountsIt()
    {
        var time = new FakeTimeProvider();
        var pace = new LogPace(time, atOnce: 2, every: TimeSpan.FromSeconds(1));
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => pace.TryPass(out var _)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.TryPass(out var held));
        Assert.Equal(2, held);
        Assert.False(pace.TryPass(out _));
    }

    private System.Threading.RateLimiting.RateLimitLease Connect(string address) => _limits.Connect(new IPEndPoint(IPAddress.Parse(address), 1));
}
