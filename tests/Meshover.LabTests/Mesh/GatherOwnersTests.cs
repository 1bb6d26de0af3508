using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>Owners that hide what they gather behind an address of their own, as a NAT does: a stream that another owner got would break.</summary>
public sealed class GatherOwnersTests
{
    private const int First = 3, Second = 4, Spare = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A dead owner is left within this, where the agent that has to see it is killed at that moment, too.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(12);

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>24 with MESHOVER_OWNER_CHANGES=24, about five minutes.</summary>
    private static int Changes => int.TryParse(Environment.GetEnvironmentVariable("MESHOVER_OWNER_CHANGES"), out var changes) ? changes : 4;

    /// <summary>
    /// Behind n1 a range of n3's and one behind n2 of n4's, and n5 stands in for both; another one behind n2 is n5's alone. n3 and n4 die and come back in turn, and at each second death
    /// the agent that has to find another owner is killed as well.
    /// </summary>
    [Fact]
    public async Task OwnersThatDieAndComeBack_TakeNoStreamOfAnotherAlong()
    {
        await using var bed = await GatherOwnersBed.StartAsync(_ct);
        await bed.OpenAsync("a", First, Patience);
        await bed.OpenAsync("b", Second, Patience);
        await bed.OpenAsync("c", Spare, Patience);
        for (var change = 0; change < Changes; change += 2)
        {
            var (range, owner) = change / 2 % 2 == 0 ? ("a", First) : ("b", Second);
            string[] others = [.. new[] { "a", "b", "c" }.Except([range])];
            var cut = await Cut.OffAsync(bed.Mesh, bed.Mesh.Node(owner), _ct);
            var isAgentKilled = change / 4 % 2 == 0;
            if (isAgentKilled) bed.Mesh.Node(bed.Ingress(range)).Kill("agent");
            var left = await bed.LeadsAsync(range, Spare, Patience);
            Assert.True(left < Soon, $"change {change + 1}: n{owner} was left after {left}");
            await bed.AnsweredAsync($"change {change + 1}, n{owner} died{(isAgentKilled ? " with an agent" : "")}", others);
            await bed.OpenAsync(range, Spare, Patience);

            await cut.DisposeAsync();
            await bed.LeadsAsync(range, owner, Patience);
            await bed.AnsweredAsync($"change {change + 2}, n{owner} is back", others);
            await bed.OpenAsync(range, owner, Patience);
        }

        await bed.GatherAsync(2, "a", priority: 200);
        await bed.AnsweredAsync("a newcomer of the same priority", ["a", "b", "c"]);
        await Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System, _ct); // longer than one that is greater would have to be well for
        await bed.LeadsAsync("a", First, Patience);
        await bed.AnsweredAsync("a newcomer of the same priority, settled", ["a", "b", "c"]);

        await bed.RemoveAsync(Spare);
        await bed.LeadsAsync("c", owner: null, Patience);
        await bed.AnsweredAsync("n5 was removed", ["a", "b"]);
    }

    [Fact]
    public async Task OwnerBehindANat_HasItsRangesFromAPublicNodeAndFromBehindAnotherNat()
    {
        var options = new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3, Underlay = UnderlayKind.Nat };
        await using var mesh = await LabMesh.StartAsync(options, TimeProvider.System, new TestProgress(), _ct);
        using var server = new OutsideServer(mesh.Controller.Machine);
        string[] ranges = ["10.64.2.0/24", "10.64.3.0/24"];
        foreach (var range in ranges) await mesh.Controller.GrantAsync(1, range, ["--gather"], _ct);
        (await mesh.Node(1).UpAsync(input: null, ["--gather", string.Join(',', ranges), "--masquerade", string.Join(',', ranges)], _ct)).Checked();
        foreach (var node in (int[])[2, 3])
        {
            await Until.NothingIsMissingAsync($"n1's router is seen where w{node} calls", Patience, async () =>
            {
                using var stream = await OutsideServer.OpenAsync(mesh.Node(node).Workload, AddressPlan.Workload4(node), AddressPlan.Controller4, Patience, _ct);
                await stream.AnsweredAsync($"w{node}", _ct);
                return stream.Seen.Equals(IPAddress.Parse("192.0.2.1")) ? null : $"{stream.Seen} is";
            }, _ct);
        }
    }
}
