using System.Collections.Immutable;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class LinkTellerTests : IDisposable
{
    private static readonly LinkQuality Slow = new(5, IsJittery: false, Loss: 0);
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-links-").FullName;
    private readonly LinkFile _file;

    public LinkTellerTests() => _file = new LinkFile(_directory);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>A good link is kept, as it is known; nobody must plan anew by it.</summary>
    [Fact]
    public void Look_LinkAsGoodAsWasThought_IsKeptAndNotTold()
    {
        var told = 0;
        var teller = new LinkTeller(_file, _ => ++told > 0);
        Assert.True(teller.Look(Links(new LinkQuality())));
        Assert.Equal(0, told);
        Assert.Single(_file.Load());
    }

    [Fact]
    public void Look_WhatIsNotTaken_IsToldAgain_AndWhatIsOverIsTakenBack()
    {
        var (isTaken, told) = (false, new List<int>());
        var teller = new LinkTeller(_file, links =>
        {
            told.Add(links.Values.Sum(link => link.Cost));
            return isTaken;
        });
        Assert.False(teller.Look(Links(Slow)));
        isTaken = true;
        Assert.True(teller.Look(Links(Slow)));
        Assert.True(teller.Look(Links(Slow)));
        Assert.True(teller.Look(Links(new LinkQuality())));
        Assert.Equal([Slow.Cost, Slow.Cost, 0], told);
    }

    /// <summary>What the last agent knew is no news; what is not to be believed is forgotten.</summary>
    [Fact]
    public void Begin_IsWhatWasKept_UnlessItIsNotToBeBelieved()
    {
        _file.Save(Links(Slow));
        var told = 0;
        var teller = new LinkTeller(_file, _ => ++told > 0);
        Assert.Equal(Links(Slow), teller.Begin(isBelieved: true));
        Assert.True(teller.Look(Links(Slow)));
        Assert.Equal(0, told);
        Assert.Empty(new LinkTeller(_file, _ => true).Begin(isBelieved: false));
        Assert.Empty(_file.Load());
    }

    private static ImmutableSortedDictionary<NodeId, LinkQuality> Links(params LinkQuality[] links) =>
        links.Select((link, i) => (Node: new NodeId((uint)i + 2), Link: link)).ToImmutableSortedDictionary(one => one.Node, one => one.Link);
}
