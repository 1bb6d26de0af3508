using System.Net;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Agent.Configuration;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing.Declared;

public sealed class AnnouncementReaderTests
{
    [Fact]
    public void Read_Everything_IsTaken()
    {
        var read = AnnouncementReader.ReadOne("{prefix: 10.9.0.1, check: 'tcp:[::1]:53', interval: 2s, timeout: 300ms, rise: 3, fall: 4, mode: active-standby, priority: 200, address: false}");
        Assert.Equal(new DeclaredAnnouncement(IPNetwork.Parse("10.9.0.1/32"))
        {
            Check = new CheckTarget.Tcp("tcp:[::1]:53", "::1", 53),
            Interval = TimeSpan.FromSeconds(2),
            Timeout = TimeSpan.FromMilliseconds(300),
            Rise = 3,
            Fall = 4,
            Mode = AnnounceMode.ActiveStandby,
            Priority = 200,
            HoldsAddress = false,
        }, read);
        Assert.Equal(read, AnnouncementReader.ReadOne("{prefix: 10.9.0.1/32, check: 'tcp:[::1]:53', interval: 2s, timeout: 300ms, rise: 3, fall: 4, mode: active-standby, priority: 200, address: false}"));
    }

    [Theory]
    [InlineData("200ms", 100)]
    [InlineData("1s", 500)]
    [InlineData("10s", 1000)]
    public void Read_NoTimeout_IsHalfTheIntervalAndAtMostASecond(string interval, int milliseconds) =>
        Assert.Equal(milliseconds, AnnouncementReader.ReadOne($"{{prefix: 10.9.0.1, check: 'http://[::1]:80/x', interval: {interval}}}").Timeout.TotalMilliseconds);

    [Theory]
    [InlineData("{check: 'tcp:h:1'}", "prefix: it is missing")]
    [InlineData("{prefix: 10.9.0.1/16}", "10.9.0.0/16")]
    [InlineData("{prefix: 0.0.0.0/0}", "is everything")]
    [InlineData("{prefix: 10.9.0.1, check: 'ftp://x'}", "is no kind of check that there is")]
    [InlineData("{prefix: 10.9.0.1, check: 'tcp:x'}", "names no host with a port")]
    [InlineData("{prefix: 10.9.0.1, check: 'http://'}", "is not a URL")]
    [InlineData("{prefix: 10.9.0.1, check: 'cmd:'}", "names no program")]
    [InlineData("{prefix: 10.9.0.1, check: \"cmd:sh -c 'x\"}", "is not closed")]
    [InlineData("{prefix: 10.9.0.1, check: 'tcp:h:1', interval: 1s, timeout: 2s}", "a check may not take longer (2s) than the time until the next (1s)")]
    [InlineData("{prefix: 10.9.0.1, check: 'tcp:h:1', interval: 50ms}", "is not between 100ms and 1h")]
    [InlineData("{prefix: 10.9.0.1, check: 'tcp:h:1', fall: 0}", "from 1 to 100")]
    [InlineData("{prefix: 10.9.0.1, fall: 2}", "fall: there is no check")]
    [InlineData("{prefix: 10.9.0.1, priority: 2}", "priority: it decides between nodes of mode active-standby alone")]
    [InlineData("{prefix: 10.9.0.1, mode: both}", "is not one of plain, anycast, active-standby")]
    [InlineData("{prefix: 10.9.0.1, colour: red}", "there is no such key")]
    [InlineData("10.9.0.1", "keys with values are expected")]
    public void Read_WhatCannotBeUsed_IsSaid(string text, string why) =>
        Assert.Contains(why, Assert.Throws<FormatException>(() => AnnouncementReader.ReadOne(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("cmd:/no/such/program -x", "there is no program /no/such/program on this machine; write its whole path, or install it.")]
    [InlineData("cmd:sh -c x", null)]
    [InlineData("tcp:h:1", null)]
    public async Task RequireProgram_RefusesAProgramThatIsNotThere_WhichElseIsACheckThatFails(string check, string? why)
    {
        var target = AnnouncementReader.ReadOne($"{{prefix: 10.9.0.1, check: '{check}'}}").Check!;
        if (why is null)
        {
            target.RequireProgram();
            return;
        }
        Assert.Equal(why, Assert.Throws<FormatException>(target.RequireProgram).Message);
        using var probe = new CheckProbe();
        Assert.Equal("there is no program /no/such/program", await probe.AskAsync(target, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Read_OneTwice_AndOneThatIsAnnouncedPlainly_AreRefused()
    {
        Assert.Contains("is there twice", Assert.Throws<FormatException>(() => AnnouncementReader.Read(["{prefix: 10.9.0.1}", "{prefix: 10.9.0.1/32}"])).Message, StringComparison.Ordinal);
        var failure = Assert.Throws<ConfigurationException>(() => AgentConfigBuilder.Build([
            new RawSetting("announce", ["10.9.0.1/32"], "agent.yaml:1:1"), new RawSetting("announcements", ["{prefix: 10.9.0.1/32}"], "agent.yaml:2:1")]));
        Assert.Contains("10.9.0.1/32 is in \"announce\" as well", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh -c 'test -e /run/x'", "sh|-c|test -e /run/x")]
    [InlineData("  a  \"b c\"d '' ", "a|b cd|")]
    public void Split_KeepsWhatIsInQuotes(string text, string words) => Assert.Equal(words.Split('|'), CommandWords.Split(text));

    [Theory]
    [InlineData(null, 0)]
    [InlineData("30m", 1800)]
    public void Lifetime_IsInSeconds(string? text, int seconds) => Assert.Equal(seconds, AnnouncementReader.Lifetime(text));
}
