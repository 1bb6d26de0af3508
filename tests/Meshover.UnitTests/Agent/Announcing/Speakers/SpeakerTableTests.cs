using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Announcing.Speakers;
using Meshover.Mesh.Identity;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Announcing.Speakers;

public sealed class SpeakerTableTests
{
    private static readonly byte[] EndOfIPv4 = [0, 0, 0, 0];
    private readonly FakeTimeProvider _time = new();
    private readonly SpeakerTable _table;

    public SpeakerTableTests() => _table = new SpeakerTable(_time);

    [Fact]
    public void Told_AndTakenBack_IsAnnouncedMeanwhile()
    {
        var speaker = Connect();
        Tell(speaker, "10.1.0.0/16", "10.2.0.0/16");
        Assert.Equal(["10.1.0.0/16", "10.2.0.0/16"], Announced());
        _table.Take(speaker, BgpUpdate.Read([0, 3, 16, 10, 1, 0, 0]));
        Assert.Equal(["10.2.0.0/16"], Announced());
    }

    [Fact]
    public void Session_Ended_TakesAllBackAtOnce()
    {
        var speaker = Connect(TimeSpan.FromSeconds(120));
        Tell(speaker, "10.1.0.0/16");
        _table.Disconnect(speaker, isBroken: false);
        Assert.Empty(Announced());
    }

    [Fact]
    public void Connection_OfOneThatDoesNotRestartGracefully_TakesAllBackAtOnce()
    {
        var speaker = Connect();
        Tell(speaker, "10.1.0.0/16");
        _table.Disconnect(speaker, isBroken: true);
        Assert.Empty(Announced());
    }

    [Fact]
    public void GracefulRestart_KeepsWhatIsToldAgain_UntilAllIsTold()
    {
        var first = Connect(TimeSpan.FromSeconds(120));
        Tell(first, "10.1.0.0/16", "10.2.0.0/16");
        _table.Disconnect(first, isBroken: true);
        _time.Advance(TimeSpan.FromSeconds(119));
        _table.Expire();
        Assert.Equal(["10.1.0.0/16", "10.2.0.0/16"], Announced());

        var second = Connect(TimeSpan.FromSeconds(120));
        Tell(second, "10.2.0.0/16");
        Assert.Equal(["10.1.0.0/16", "10.2.0.0/16"], Announced());
        _table.Take(second, BgpUpdate.Read(EndOfIPv4));
        Assert.Equal(["10.2.0.0/16"], Announced());
        Assert.Null(_table.Expire());
    }

    [Fact]
    public void GracefulRestart_OfOneFamily_TakesTheOtherBack()
    {
        var speaker = Connect(TimeSpan.FromSeconds(120));
        Tell(speaker, "10.1.0.0/16");
        _table.Take(speaker, BgpUpdate.Read([0, 0, 0, 11, 0x80, 14, 8, 0, 2, 1, 0, 0, 16, 0xfd, 0x24]));
        Assert.Equal(["10.1.0.0/16", "fd24::/16"], Announced());
        _table.Disconnect(speaker, isBroken: true);
        Assert.Equal(["10.1.0.0/16"], Announced());
    }

    [Fact]
    public void GracefulRestart_ThatTakesTooLong_IsOver()
    {
        var speaker = Connect(TimeSpan.FromHours(1));
        Tell(speaker, "10.1.0.0/16");
        _table.Disconnect(speaker, isBroken: true);
        Assert.Equal(SpeakerTable.LongestRestart, _table.Expire());
        _time.Advance(SpeakerTable.LongestRestart);
        Assert.Null(_table.Expire());
        Assert.Empty(Announced());
        Assert.Empty(_table.Known());
    }

    [Fact]
    public void FormerAgents_AreAnnounced_UntilAllIsToldOrTimeIsOver()
    {
        var known = new KnownSpeaker(0xc0000201, 64512, [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00:1::/32")]);
        _table.Restore([known]);
        Assert.Equal(["10.1.0.0/16", "fd00:1::/32"], Announced());
        var speaker = Connect();
        Tell(speaker, "10.1.0.0/16");
        _time.Advance(SpeakerTable.ToldWithin); // it marks no end
        _table.Expire();
        Assert.Equal(["10.1.0.0/16"], Announced());
    }

    [Fact]
    public void NewerSession_EndsTheFormer_WhichSaysNothingMore()
    {
        var isOver = false;
        var former = _table.Connect(Open(null), () => isOver = true);
        Tell(former, "10.1.0.0/16");
        var newer = Connect();
        Assert.True(isOver);
        Tell(former, "10.9.0.0/16");
        _table.Disconnect(former, isBroken: false);
        Tell(newer, "10.1.0.0/16");
        _table.Take(newer, BgpUpdate.Read(EndOfIPv4));
        Assert.Equal(["10.1.0.0/16"], Announced());
    }

    [Fact]
    public void TwoSpeakers_OfOneRouterId_AreTwo() // the node's address is what each of them takes
    {
        var one = Connect();
        Tell(one, "10.1.0.0/16");
        var other = _table.Connect(Open(null) with { As = new Asn(64513) }, () => { });
        Tell(other, "10.2.0.0/16");
        _table.Take(other, BgpUpdate.Read(EndOfIPv4));
        Assert.Equal(["10.1.0.0/16", "10.2.0.0/16"], Announced());
        _table.Disconnect(one, isBroken: true);
        Assert.Equal(["10.2.0.0/16"], Announced());
    }

    [Fact]
    public void SpeakerThatBreaksAgainAndAgain_KeepsNothingThatItDoesNotTell()
    {
        var first = Connect(TimeSpan.FromSeconds(120));
        Tell(first, "10.1.0.0/16");
        _table.Disconnect(first, isBroken: true);
        var second = Connect(TimeSpan.FromSeconds(120));
        Tell(second, "10.2.0.0/16");
        _table.Disconnect(second, isBroken: true);
        Assert.Equal(["10.2.0.0/16"], Announced());
    }

    [Fact]
    public void TooManySpeakers_AreRefused_ButOneThatIsAwayGivesWay()
    {
        for (var i = 0u; i < SpeakerTable.MostSpeakers; i++)
            _table.Connect(Open(TimeSpan.FromSeconds(120)) with { As = new Asn(65000 + i) }, () => { });
        Assert.Equal((6, 8), Assert.Throws<BgpException>(() => Connect()) is var refused ? (refused.Code, refused.Subcode) : default);
        var away = _table.Connect(Open(TimeSpan.FromSeconds(120)) with { As = new Asn(65000) }, () => { });
        _table.Disconnect(away, isBroken: true);
        Connect();
    }

    [Fact]
    public void ToldToNobodyElse_IsLeftOut_AndSaid()
    {
        var speaker = Connect();
        _table.Take(speaker, BgpUpdate.Read([0, 0, 0, 7, 0xc0, 8, 4, 0xff, 0xff, 0xff, 0x01, 16, 10, 1]));
        Assert.Empty(Announced());
        Assert.Contains("NO_EXPORT", _table.Found().AsSource("bgp").Status, StringComparison.Ordinal);
        Assert.Empty(Assert.Single(_table.Known()).Prefixes);
    }

    private SpeakerHandle Connect(TimeSpan? restart = null) => _table.Connect(Open(restart), () => { });

    private static BgpOpen Open(TimeSpan? restart) => new(new Asn(64512), 90, IPAddress.Parse("192.0.2.1"))
    {
        Restarts = restart is { } time ? ImmutableDictionary<AddressFamily, TimeSpan>.Empty.Add(AddressFamily.InterNetwork, time) : ImmutableDictionary<AddressFamily, TimeSpan>.Empty,
    };

    private void Tell(SpeakerHandle speaker, params string[] prefixes) =>
        _table.Take(speaker, BgpUpdate.Read([0, 0, 0, 0, .. prefixes.Select(IPNetwork.Parse).SelectMany(prefix => (byte[])[16, .. prefix.BaseAddress.GetAddressBytes()[..2]])]));

    private string[] Announced() => [.. _table.Found().AsSource("bgp").Announcements.Select(announcement => $"{announcement.Prefix}")];
}
