using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Our one nftables table. It clamps the TCP MSS of what is forwarded into a link to the route's MTU: the workloads behind us know nothing
/// of the tunnel, and many networks lose the ICMP that would tell them.
/// </summary>
internal sealed class Firewall(Nft nft, NftGeneration? generation)
{
    private const string Comment = "clamp the MSS to the links";

    // Deleted (after an empty add, so that this never fails) and made anew: one transaction.
    private const string Document =
        """
        {"nftables":[
        {"add":{"table":{"family":"inet","name":"meshover"}}},
        {"delete":{"table":{"family":"inet","name":"meshover"}}},
        {"add":{"table":{"family":"inet","name":"meshover"}}},
        {"add":{"chain":{"family":"inet","table":"meshover","name":"forward","type":"filter","hook":"forward","prio":-150,"policy":"accept"}}},
        {"add":{"rule":{"family":"inet","table":"meshover","chain":"forward","comment":"clamp the MSS to the links","expr":[
        {"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"mo-*"}},
        {"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}},
        {"mangle":{"key":{"tcp option":{"name":"maxseg","field":"size"}},"value":{"rt":{"key":"mtu"}}}}]}}}
        ]}
        """;

    private uint? _checkedGeneration;
    private bool _stands;

    /// <summary>Whether our table is there with its rule. Costs one netlink message, and a process only after somebody changed the firewall.</summary>
    /// <exception cref="NftException">nft could not be run.</exception>
    internal async Task<bool> StandsAsync(CancellationToken cancellationToken)
    {
        var now = ReadGeneration();
        if (now is not null && now == _checkedGeneration)
            return _stands;
        using var table = await nft.ListTableAsync("inet", KernelNames.FirewallTable, cancellationToken).ConfigureAwait(false);
        _stands = table is not null && table.RootElement.GetProperty("nftables").EnumerateArray().Any(IsOurRule);
        _checkedGeneration = now;
        return _stands;
    }

    internal Task SetAsync(CancellationToken cancellationToken) => nft.ApplyAsync(Document, "clamp the TCP MSS", cancellationToken);

    internal Task<bool> RemoveAsync(CancellationToken cancellationToken) =>
        nft.DeleteTableAsync("inet", KernelNames.FirewallTable, cancellationToken);

    private static bool IsOurRule(JsonElement item) =>
        item.TryGetProperty("rule", out var rule) && rule.TryGetProperty("comment", out var comment) && comment.ValueEquals(Comment);

    private uint? ReadGeneration()
    {
        try
        {
            return generation?.Read();
        }
        catch (NetlinkException)
        {
            return null; // no nftables in the kernel: nft itself will say so, in better words
        }
    }
}
