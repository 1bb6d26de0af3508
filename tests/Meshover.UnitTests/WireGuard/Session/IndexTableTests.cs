using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class IndexTableTests
{
    private readonly PeerSession _peer = new Engine(1).AddPeer(new Engine(2));

    [Fact]
    public void Add_TenThousand_AllAreFoundAndDistinct()
    {
        var table = new IndexTable(SystemEntropy.Instance);
        var entries = Enumerable.Range(0, 10_000).Select(_ => table.Add(_peer, 0)).ToList();

        Assert.Equal(10_000, entries.Select(e => e.Index).Distinct().Count());
        Assert.All(entries, e => Assert.Same(e, table.Find(e.Index)));
        Assert.Equal(10_000, table.Count);
    }

    [Fact]
    public void Remove_IsNoLongerFoundAndTheOthersAre()
    {
        var table = new IndexTable(SystemEntropy.Instance);
        var entries = Enumerable.Range(0, 1_000).Select(_ => table.Add(_peer, 0)).ToList();
        foreach (var entry in entries[..500])
            table.Remove(entry);

        Assert.All(entries[..500], e => Assert.Null(table.Find(e.Index)));
        Assert.All(entries[500..], e => Assert.Same(e, table.Find(e.Index)));
    }

    [Fact]
    public void Remove_Twice_DoesNotRemoveAnother()
    {
        var table = new IndexTable(SystemEntropy.Instance);
        var entry = table.Add(_peer, 0);
        table.Remove(entry);
        table.Remove(entry);

        Assert.Equal(0, table.Count);
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    [InlineData(4, 1)]
    public void Add_WithClasses_TheIndexBelongsToItsClass(int classes, int indexClass)
    {
        var table = new IndexTable(SystemEntropy.Instance, classes);

        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(indexClass, (int)(table.Add(_peer, indexClass).Index % (uint)classes)));
    }

    [Fact]
    public void Find_AnIndexThatSharesAPlace_IsNotTakenForTheOther()
    {
        var table = new IndexTable(SystemEntropy.Instance);
        var entry = table.Add(_peer, 0);

        Assert.Null(table.Find(entry.Index ^ 1));
    }
}
