using System.Collections.Immutable;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class LinkFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-links-").FullName;
    private readonly LinkFile _file;

    public LinkFileTests() => _file = new LinkFile(_directory);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_WhatWasSaved_IsTheSame()
    {
        var links = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty.Add(new NodeId(2), new LinkQuality(5, IsJittery: true, Loss: 2)).Add(new NodeId(7), new LinkQuality());
        _file.Save(links);
        Assert.Equal(links, _file.Load());
    }

    [Fact]
    public void Load_OfAnotherBoot_KnowsNoQuickLink()
    {
        foreach (var profile in new[] { BfdProfile.Lan, BfdProfile.Lossy })
        {
            var quality = new LinkQuality(0, IsJittery: false, Loss: 0) { Bfd = profile };
            _file.Save(ImmutableSortedDictionary<NodeId, LinkQuality>.Empty.Add(new NodeId(2), quality));
            Assert.Equal(profile, _file.Load()[new NodeId(2)].Bfd);
            File.WriteAllText(_file.FilePath, File.ReadAllText(_file.FilePath).Replace("\"boot\":\"", "\"boot\":\"x", StringComparison.Ordinal));
            Assert.Equal(profile == BfdProfile.Lan ? BfdProfile.Wan : profile, _file.Load()[new NodeId(2)].Bfd);
        }
    }

    [Theory]
    [InlineData("""{"links":[{"node":2,"rtt":1,"jitter":false,"loss":0,"bfd":3}]}""")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"links":null}""")]
    [InlineData("""{"links":[{"node":0,"rtt":1,"jitter":false,"loss":0}]}""")]
    [InlineData("""{"links":[{"node":2,"rtt":15,"jitter":false,"loss":0}]}""")]
    [InlineData("""{"links":[{"node":2,"rtt":-1,"jitter":false,"loss":0}]}""")]
    [InlineData("""{"links":[{"node":2,"rtt":1,"jitter":false,"loss":3}]}""")]
    [InlineData("""{"links":[null]}""")]
    public void Load_WhatCannotBe_IsNothingKnown(string text)
    {
        File.WriteAllText(_file.FilePath, text);
        Assert.Empty(_file.Load());
    }

    [Fact]
    public void Load_NoFile_IsNothingKnown_AndSaveWhereNothingCanBeWritten_IsNoError()
    {
        Assert.Empty(_file.Load());
        new LinkFile("/proc/nowhere").Save(ImmutableSortedDictionary<NodeId, LinkQuality>.Empty);
    }
}
