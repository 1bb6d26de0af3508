using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Our table in the machine's firewall.</summary>
internal sealed class Firewall(Nft nft, NftGeneration? generation)
{
    /// <summary>The document that this kernel refused: its lesser form is set instead, until there is another one.</summary>
    private FirewallDocument? _refused;

    private (uint? Generation, FirewallDocument? Wanted, bool Stands) _checked;

    /// <summary>
    /// Whether our table is there as the document makes it; with no document, whether there is one. Costs one netlink message, and a process
    /// only after somebody changed the firewall.
    /// </summary>
    /// <exception cref="NftException">nft could not be run.</exception>
    internal async Task<bool> StandsAsync(FirewallDocument? wanted, CancellationToken cancellationToken)
    {
        var now = ReadGeneration();
        if (now is not null && now == _checked.Generation && wanted?.Json == _checked.Wanted?.Json)
            return _checked.Stands;
        using var table = await nft.ListTableAsync("inet", FirewallDocument.Table, cancellationToken).ConfigureAwait(false);
        _checked = (now, wanted, table is not null && (wanted is null || Possible(wanted).IsIn(table)));
        return _checked.Stands;
    }

    /// <summary>Replaces the whole in one transaction; its counters go on.</summary>
    /// <exception cref="NftException">nft refused, and what stood before stands.</exception>
    internal async Task SetAsync(FirewallDocument wanted, CancellationToken cancellationToken)
    {
        try
        {
            await ApplyAsync(Possible(wanted), cancellationToken).ConfigureAwait(false);
        }
        catch (NftException error) when (error.IsRefusal && wanted.Lesser is not null && _refused?.Json != wanted.Json)
        {
            await ApplyAsync(wanted.Lesser, cancellationToken).ConfigureAwait(false);
            _refused = wanted;
        }
    }

    internal Task<bool> RemoveAsync(CancellationToken cancellationToken) =>
        nft.DeleteTableAsync("inet", FirewallDocument.Table, cancellationToken);

    private FirewallDocument Possible(FirewallDocument wanted) => _refused?.Json == wanted.Json ? wanted.Lesser ?? wanted : wanted;

    private async Task ApplyAsync(FirewallDocument document, CancellationToken cancellationToken)
    {
        using var former = await nft.ListTableAsync("inet", FirewallDocument.Table, cancellationToken).ConfigureAwait(false);
        await nft.ApplyAsync(document.Replacing(former), $"set nftables table {FirewallDocument.Table}", cancellationToken).ConfigureAwait(false);
    }

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
