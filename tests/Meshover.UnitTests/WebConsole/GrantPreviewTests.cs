using System.Net;
using Meshover.Controller.Administration;
using Meshover.Controller.Console;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.UnitTests.Controller;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.WebConsole;

/// <summary>What a change of grants is said to do is what the rules will do.</summary>
public sealed class GrantPreviewTests
{
    private readonly TestMesh _mesh = new();
    private readonly LiveNodes _live = new(new FakeTimeProvider());

    public GrantPreviewTests()
    {
        _mesh.Enrol("a", "web-1");
        _mesh.Enrol("b", "web-2");
        var first = _mesh.State.MemberByHostName("web-1")!.Record;
        _mesh.Change(draft => GrantRules.Add(draft, first, new StoredGrant("10.1.0.0/16", 24)));
        TestSession.Open(_live, first.Id, ReportedState.Nothing with { Announced = [IPNetwork.Parse("10.1.2.0/24"), IPNetwork.Parse("10.2.0.0/24"), IPNetwork.Parse("10.1.2.128/25")] });
    }

    [Fact]
    public void Adding_NamesWhatIsRefusedNowAndWillBeAccepted()
    {
        Assert.Contains("will accept 10.2.0.0/24 from web-1, which announces it already", Add("web-1", "10.2.0.0/16", 24), StringComparison.Ordinal);
        Assert.Contains("as soon as it announces that", Add("web-1", "10.2.0.0/16", 0), StringComparison.Ordinal);
        Assert.Contains("takes the place of the grant of the same prefix", Add("web-1", "10.1.0.0/16", 25), StringComparison.Ordinal);
        Assert.Contains("10.1.2.128/25", Add("web-1", "10.1.0.0/16", 25), StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_NamesWhoIsGrantedTheSame() => Assert.Contains("web-1 is granted 10.1.0.0/16, which overlaps", Add("web-2", "10.1.2.0/24", 0), StringComparison.Ordinal);

    [Fact]
    public void Removing_NamesWhatWillBeRefused()
    {
        Assert.Contains("web-1 announces 10.1.2.0/24 now", Remove("web-1", "10.1.0.0/16"), StringComparison.Ordinal);
        // What another grant covers stays.
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.MemberByHostName("web-1")!.Record, new StoredGrant("10.1.2.0/24", 24)));
        Assert.Contains("announces nothing by this grant", Remove("web-1", "10.1.0.0/16"), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWouldBeRefused_IsRefusedNow()
    {
        Assert.Throws<InvalidRequestException>(() => Add("web-1", "10.249.0.0/24", 0));
        Assert.Throws<InvalidRequestException>(() => Add("web-1", "nonsense", 0));
        Assert.Throws<RefusalException>(() => Add("nobody", "10.3.0.0/16", 0));
        Assert.Throws<RefusalException>(() => Remove("web-1", "10.3.0.0/16"));
        for (var i = 0; i < 63; i++)
            _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.MemberByHostName("web-1")!.Record, new StoredGrant($"10.{100 + i}.0.0/16", 16)));
        Assert.Contains("may have 64", Assert.Throws<RefusalException>(() => Add("web-1", "10.3.0.0/16", 0)).Message, StringComparison.Ordinal);
    }

    private string Add(string node, string prefix, uint maxLength) =>
        string.Join(" ", GrantPreviews.OfAdding(_mesh.State, _live.State, node, new GrantWish(prefix, maxLength)).Effects.Select(effect => effect.English));

    private string Remove(string node, string prefix) => string.Join(" ", GrantPreviews.OfRemoving(_mesh.State, _live.State, node, prefix).Effects.Select(effect => effect.English));
}
