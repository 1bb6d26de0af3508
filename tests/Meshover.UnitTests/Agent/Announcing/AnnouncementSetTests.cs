using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Agent.Announcing;

public sealed class AnnouncementSetTests
{
    private static readonly IPNetwork Lan = IPNetwork.Parse("10.64.1.0/24");
    private static readonly IPNetwork Pods = IPNetwork.Parse("10.64.2.0/24");

    [Fact]
    public void Merge_PrefixOfTwoSources_StandsOnceWithBothAndWhatTheFirstSays()
    {
        var merged = Of(From("configuration", Lan), From("kubernetes", new Announcement(Lan) { Med = 7 }, Pods)).Merge();
        Assert.Equal([Lan, Pods], merged.Select(asked => asked.Announcement.Prefix));
        Assert.Equal(["configuration", "kubernetes"], merged[0].Sources);
        Assert.Null(merged[0].Announcement.Med);
        Assert.Equal(["kubernetes"], merged[1].Sources);
    }

    [Fact]
    public void Merge_PrefixThatOneSourceWithdraws_IsAnnouncedAsTheOtherSays()
    {
        var withdrawn = From("configuration", new Announcement(Lan) { IsWithdrawn = true });
        var other = From("check", new Announcement(Lan) { Med = 7 });
        Assert.Equal((false, 7u), (Of(withdrawn, other).Merge()[0].Announcement.IsWithdrawn, Of(withdrawn, other).Merge()[0].Announcement.Med));
        Assert.True(Assert.Single(Of(withdrawn).Merge()).Announcement.IsWithdrawn);
    }

    [Fact]
    public void Equality_IsThatOfWhatIsAsked()
    {
        Assert.Equal(Of(From("configuration", Lan)), Of(From("configuration", Lan)));
        Assert.NotEqual(Of(From("configuration", Lan)), Of(From("configuration", new Announcement(Lan) { Communities = [new(65000, 1)] })));
    }

    private static AnnouncementSet Of(params SourceAnnouncements[] sources) => new() { Sources = [.. sources] };

    private static SourceAnnouncements From(string source, params Announcement[] announcements) => new(source, "") { Announcements = [.. announcements] };
}
