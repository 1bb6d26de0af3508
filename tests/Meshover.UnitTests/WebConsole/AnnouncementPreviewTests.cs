using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Console;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.UnitTests.Controller;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Announcement = Meshover.Contract.V1.Announcement;

namespace Meshover.UnitTests.WebConsole;

/// <summary>What an order to announce is said to do is what the node and all others will do.</summary>
public sealed class AnnouncementPreviewTests
{
    private readonly TestMesh _mesh = new();
    private readonly LiveNodes _live = new(new FakeTimeProvider());

    public AnnouncementPreviewTests()
    {
        foreach (var (identity, name) in new[] { ("a", "web-1"), ("b", "web-2"), ("c", "web-3") })
            _mesh.Enrol(identity, name);
        Grant("web-1", "10.9.0.0/24", 32);
    }

    [Fact]
    public void What_IsNotGranted_MayNotBeDone()
    {
        var preview = Add("web-2", new AnnounceWish("10.9.0.1/32", "plain", 0, false, 0));
        Assert.False(preview.MayBeDone);
        Assert.Contains("not granted to web-2", preview.Effects.Single().English, StringComparison.Ordinal);
    }

    [Fact]
    public void What_IsGranted_AllOthersWillAccept()
    {
        var preview = Add("web-1", new AnnounceWish("10.9.0.1/32", "plain", 0, false, 3600));
        Assert.True(preview.MayBeDone);
        Assert.Contains("All 2 other nodes will accept 10.9.0.1/32 from web-1", preview.Effects[0].English, StringComparison.Ordinal);
        var all = Text(preview);
        Assert.Contains("on an interface of web-1", all, StringComparison.Ordinal);
        Assert.Contains("after 1h", all, StringComparison.Ordinal);
        Assert.DoesNotContain("takes over", all, StringComparison.Ordinal);
        Assert.Contains("behind the node", Text(Add("web-1", new AnnounceWish("10.9.0.1/32", "plain", 0, true, 0))), StringComparison.Ordinal);
        Assert.DoesNotContain("interface", Text(Add("web-1", new AnnounceWish("10.9.0.0/28", "plain", 0, false, 0))), StringComparison.Ordinal);
    }

    [Fact]
    public void Floating_ThatNobodyElseHas_IsSaidToHaveNoHeir_AndWhoCouldBeOne()
    {
        var wish = new AnnounceWish("10.9.0.1/32", "active-standby", 200, false, 0);
        Assert.Contains("nor may one: nobody takes over when web-1 is gone", Text(Add("web-1", wish)), StringComparison.Ordinal);
        Grant("web-3", "10.9.0.1/32", 32);
        Assert.Contains("web-3 may announce it", Text(Add("web-1", wish)), StringComparison.Ordinal);
        Announces("web-3", "10.9.0.1/32");
        var all = Text(Add("web-1", wish));
        Assert.Contains("web-3 announces it, or stands by", all, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody takes over", all, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_AnnouncesItAlready_IsNamed()
    {
        Grant("web-2", "10.9.0.0/24", 32);
        Announces("web-2", "10.9.0.1/32");
        Assert.Contains("web-2 announces it already", Text(Add("web-1", new AnnounceWish("10.9.0.1/32", "plain", 0, false, 0))), StringComparison.Ordinal);
        Assert.Contains("packets go to the nearest", Text(Add("web-1", new AnnounceWish("10.9.0.1/32", "anycast", 0, false, 0))), StringComparison.Ordinal);
    }

    /// <summary>What an administrator of the node wrote or declared there is respected.</summary>
    [Theory]
    [InlineData("configuration", "", "", "in the settings of web-1")]
    [InlineData("declared", "settings", "", "in the settings of web-1")]
    [InlineData("declared", "command", "tcp:127.0.0.1:80", "declared on web-1 already, with the check tcp:127.0.0.1:80")]
    public void What_TheNodeHasItself_MayNotBeDone(string source, string declaredBy, string check, string said)
    {
        var status = Says(new Announcement { Prefix = "10.9.0.1/32", Sources = { source }, DeclaredBy = declaredBy, Check = check });
        var preview = AnnouncementPreviews.OfAdding(_mesh.State, _live.State, "web-1", new AnnounceWish("10.9.0.1/32", "plain", 0, false, 0), status);
        Assert.False(preview.MayBeDone);
        Assert.Contains(said, Text(preview), StringComparison.Ordinal);
    }

    [Fact]
    public void Withdrawing_NamesWhoHasItThen_AndWhatCannotBeWithdrawn()
    {
        var held = new Announcement { Prefix = "10.9.0.1/32", Sources = { "declared" }, DeclaredBy = "command", Check = "tcp:127.0.0.1:80" };
        var alone = Remove("web-1", "10.9.0.1/32", Says(held));
        Assert.True(alone.MayBeDone);
        Assert.Contains("nobody else does", Text(alone), StringComparison.Ordinal);
        Assert.Contains("Its check (tcp:127.0.0.1:80) is forgotten", Text(alone), StringComparison.Ordinal);
        Announces("web-2", "10.9.0.1/32");
        Assert.Contains("nobody else does", Text(Remove("web-1", "10.9.0.1/32", Says(held))), StringComparison.Ordinal); // it may not
        Grant("web-2", "10.9.0.0/24", 32);
        Assert.Contains("all go to web-2", Text(Remove("web-1", "10.9.0.1/32", Says(held))), StringComparison.Ordinal);

        Assert.False(Remove("web-1", "10.9.0.2/32", Says(held)).MayBeDone);
        Assert.Contains("take it out there", Text(Remove("web-1", "10.9.0.1/32", Says(new Announcement { Prefix = "10.9.0.1/32", Sources = { "configuration" } }))), StringComparison.Ordinal);
        var table = Remove("web-1", "10.9.0.1/32", Says(new Announcement { Prefix = "10.9.0.1/32", Sources = { "table 100" } }));
        Assert.Equal((false, true), (table.MayBeDone, Text(table).Contains("as table 100 want it", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("10.9.0.1", "plain", 0, 0, "10.9.0.1/32")]
    [InlineData("fd00:9::1", "anycast", 0, 60, "fd00:9::1/128")]
    [InlineData("10.9.0.0/24", "active-standby", 255, 0, "10.9.0.0/24")]
    public void Wish_ThatCanBeMeant_HasThePrefixAsNodesWriteIt(string prefix, string mode, int priority, long seconds, string written) =>
        Assert.Equal(written, new AnnounceWish(prefix, mode, priority, false, seconds).Checked().Prefix);

    [Theory]
    [InlineData("nonsense", "plain", 0, 0)]
    [InlineData("10.9.0.1/24", "plain", 0, 0)]
    [InlineData("0.0.0.0/0", "plain", 0, 0)]
    [InlineData("10.9.0.1', check: 'cmd:reboot", "plain", 0, 0)]
    [InlineData("10.9.0.1", "loud", 0, 0)]
    [InlineData("10.9.0.1", "plain", 5, 0)]
    [InlineData("10.9.0.1", "active-standby", 256, 0)]
    [InlineData("10.9.0.1", "plain", 0, -1)]
    public void Wish_ThatCannotBeMeant_IsRefused(string prefix, string mode, int priority, long seconds) =>
        Assert.Throws<InvalidRequestException>(() => new AnnounceWish(prefix, mode, priority, false, seconds).Checked());

    private Meshover.Console.UseCases.AnnouncementPreview Add(string node, AnnounceWish wish) => AnnouncementPreviews.OfAdding(_mesh.State, _live.State, node, wish, new AgentStatus());

    private Meshover.Console.UseCases.AnnouncementPreview Remove(string node, string prefix, AgentStatus status) => AnnouncementPreviews.OfRemoving(_mesh.State, _live.State, node, prefix, status);

    private static AgentStatus Says(params Announcement[] announcements) => new() { Announcements = { announcements } };

    private static string Text(Meshover.Console.UseCases.AnnouncementPreview preview) => string.Join(" ", preview.Effects.Select(effect => effect.English));

    private void Grant(string node, string prefix, int longest) => _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.MemberByHostName(node)!.Record, new StoredGrant(prefix, longest)));

    private void Announces(string node, string prefix) =>
        TestSession.Open(_live, _mesh.State.MemberByHostName(node)!.Record.Id, ReportedState.Nothing with { Announced = [IPNetwork.Parse(prefix)] });
}
