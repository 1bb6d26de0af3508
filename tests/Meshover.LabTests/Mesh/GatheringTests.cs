using Meshover.Lab.Faults;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// A workload behind n1 whose address lies in a range that other nodes gather, and a host outside the mesh: by which node its packets leave, while links and
/// programs go. Answers come by one node alone, and what leaves by another is counted there. The workload's interface has a strict rp_filter, and every node
/// drops what connection tracking calls invalid.
/// </summary>
public sealed class GatheringTests
{
    /// <summary>A dead owner is left within this, also on a machine that is busy: by its route alone it would never be.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Range_LeavesByItsOwner_ByAnotherNodeToo_WithoutAgents_AndByTheNextWhereItIsDead_AndByNobodyElse()
    {
        await using var bed = await GatherBed.StartAsync(_ct);
        await bed.LeadsByAsync(3, _ct);
        await bed.ChosenAsync(2, "n3", _ct);
        await bed.AnsweredAsync(_ct);
        Assert.NotNull(await bed.EchoAsync(AddressPlan.Workload4(2), _ct)); // inside the mesh it goes as ever
        Assert.NotNull(await bed.EchoAsync(AddressPlan.Workload6(2), _ct));

        await bed.ExplainedAsync(1, $"{GatherBed.Outside4}", "out      mo-", "(n3), table 7403", _ct);
        await bed.ExplainedAsync(3, $"{GatherBed.Outside6}", "2001:db8:77::/48 by n3: it leaves here", "out      eth0 via", _ct);
        await bed.ExplainedAsync(1, $"{AddressPlan.Workload4(2)}", "inside the mesh", "(n2), table 254", _ct);
        Assert.Contains("1 received", await bed.LargePingAsync(3000, mayBeCut: true, _ct), StringComparison.Ordinal);
        await bed.NarrowAsync(3, mtu: 1300, _ct);
        Assert.Contains("mtu = 1300", await bed.LargePingAsync(1340, mayBeCut: false, _ct), StringComparison.Ordinal);

        await using (await Cut.BetweenAsync(bed.Mesh, bed.Mesh.Node(1), bed.Mesh.Node(3), onlyIPv6: false, _ct))
        {
            await bed.LeadsByAsync(2, _ct);
            await bed.AnsweredAsync(_ct);
            await bed.ConnectsAsync(_ct); // n2 drops what connection tracking calls invalid, and sees both directions or none
            await bed.WithoutAgentsAsync(async () => Assert.True(await bed.PingAsync(_ct) is { Sent: > 10, Lost: [] } report, "packets were lost while no agent lived"));
        }
        await bed.NothingLeftAsync([1, 2, 4], _ct);
        await bed.LeadsByAsync(3, _ct);

        await bed.SilenceOutsideAsync(3, _ct); // BGP is well: its own check alone says so
        var left = await bed.LeadsByAsync(4, _ct);
        Assert.True(left < Soon, $"an owner whose way out was dead was left after {left}");
        bed.AnswersBy(4);
        await bed.AnsweredAsync(_ct);

        bed.CutOff(4);
        await bed.LeadsByAsync(3, _ct); // its check fails, and there is nobody else: never worse than to refuse
        await bed.ExplainedAsync(1, $"{GatherBed.Outside6}", "by n3", "out      mo-", _ct);
        bed.CutOff(3);
        await bed.LeadsByAsync(node: null, _ct);
        await bed.ExplainedAsync(1, $"{GatherBed.Outside6}", "by nobody: none of n3, n4 can take it", "out      refused", _ct);
        Assert.Null(await bed.EchoAsync(GatherBed.Outside4, _ct));
        Assert.Null(await bed.EchoAsync(GatherBed.Outside6, _ct));
        await bed.NothingLeftAsync([1, 2], _ct);

        (await bed.Mesh.Node(1).MeshoverAsync(["down"], _ct)).Checked();
        using var netlink = RouteNetlink.OpenIn(bed.Mesh.Node(1).Machine.NetworkPath);
        Assert.DoesNotContain(netlink.GetRules(), rule => rule.Priority is >= 7400 and <= 7499);
        Assert.DoesNotContain(netlink.GetRoutes(), route => route.Table is >= 7402 and <= 7499);
    }
}
