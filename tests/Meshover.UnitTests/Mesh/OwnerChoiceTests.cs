using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;

namespace Meshover.UnitTests.Mesh;

public sealed class OwnerChoiceTests
{
    // Owner 1 of priority 200, owners 2 and 3 of 100; how many seconds each is well, -1: it is not.
    [Theory]
    [InlineData(0, 0, 0, 0, 1)] // nobody had the packets: the first that lives
    [InlineData(0, -1, 0, 0, 2)]
    [InlineData(0, -1, -1, -1, 0)]
    [InlineData(2, -1, 60, 60, 2)]
    [InlineData(3, -1, 60, 60, 3)] // one of equal priority takes none
    [InlineData(3, 5, 60, 60, 3)] // the greater one is back, and not settled
    [InlineData(3, 10, 60, 60, 1)]
    [InlineData(1, 60, 600, 600, 1)]
    [InlineData(3, 5, 5, -1, 1)] // the present one is dead: settled or not, the greatest that lives
    [InlineData(9, -1, 5, 5, 2)] // the present one is no owner any more
    public void Of_LeavesALivingOwnerForAGreaterSettledOneAlone(int present, int first, int second, int third, int chosen)
    {
        int[] well = [first, second, third];
        ImmutableArray<GatherOwner> owners = [Owner(1, 200), Owner(2, 100), Owner(3, 100)];
        var choice = OwnerChoice.Of(
            owners, owner => well[owner.Node.Value - 1] is >= 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null, _ => false, present == 0 ? null : new NodeId((uint)present));
        Assert.Equal((uint)chosen, choice?.Node.Value ?? 0);
    }

    // Which are reached, though the check of each fails.
    [Theory]
    [InlineData(0, "1 2 3", 1)]
    [InlineData(2, "1 2 3", 2)] // it has them: moving flows mends nothing
    [InlineData(2, "1 3", 1)]
    [InlineData(0, "3", 3)]
    [InlineData(1, "", 0)]
    public void Of_AllThatAreReachedFail_OneOfThemHasThePacketsYet(int present, string reached, int chosen)
    {
        ImmutableArray<GatherOwner> owners = [Owner(1, 200), Owner(2, 100), Owner(3, 100)];
        var choice = OwnerChoice.Of(
            owners, _ => null, owner => reached.Contains($"{owner.Node.Value}", StringComparison.Ordinal), present == 0 ? null : new NodeId((uint)present));
        Assert.Equal((uint)chosen, choice?.Node.Value ?? 0);
    }

    [Fact]
    public void Of_OwnersOfOnePriority_TheGreatestShareIsAsked_WhichNoLivingOneIsLeftFor()
    {
        ImmutableArray<GatherOwner> owners = [Owner(1, 100) with { Share = 3 }, Owner(2, 100) with { Share = 9 }, Owner(3, 50) with { Share = 20 }];
        Assert.Equal("n2", OwnerChoice.Of(owners, _ => TimeSpan.FromMinutes(1), _ => false, present: null)?.HostName);
        Assert.Equal("n1", OwnerChoice.Of(owners, _ => TimeSpan.FromMinutes(1), _ => false, new NodeId(1))?.HostName);
        Assert.Equal("n2", OwnerChoice.Of(owners, _ => null, _ => true, present: null)?.HostName);
    }

    private static GatherOwner Owner(uint id, int priority) => new(new NodeId(id), $"n{id}", IPAddress.Parse($"10.249.0.{id}"), priority, IsFailing: false, IsSelf: false);
}
