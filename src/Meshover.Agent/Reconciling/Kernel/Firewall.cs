using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Our table in the machine's firewall.</summary>
internal sealed class Firewall(Nft nft, NftGeneration? generation)
{
    /// <summary>This kernel refused the whole document.</summary>
    private bool _isLesser;

    private (uint? Generation, FirewallDocument? Wanted, bool Stands) _checked;

    /// <summary>
    /// Whether our table is there with all its rules. Costs one netlink message, and a process only after somebody changed the firewall.
    /// </summary>
    /// <exception cref="NftException">nft could not be run.</exception>
    internal async Task<bool> StandsAsync(FirewallDocument wanted, CancellationToken cancellationToken)
    {
        var now = ReadGeneration();
        if (now is not null && now == _checked.Generation && wanted.Json == _checked.Wanted?.Json)
            return _checked.Stands;
        using var table = await nft.ListTableAsync("inet", FirewallDocument.Table, cancellationToken).ConfigureAwait(false);
        var comments = table is null ? [] : table.RootElement.GetProperty("nftables").EnumerateArray().Select(CommentOf).ToHashSet(StringComparer.Ordinal);
        _checked = (now, wanted, Possible(wanted).Comments.All(comments.Contains));
        return _checked.Stands;
    }

    /// <summary>Replaces the whole in one transaction.</summary>
    /// <exception cref="NftException">nft refused, and what stood before stands.</exception>
    internal async Task SetAsync(FirewallDocument wanted, CancellationToken cancellationToken)
    {
        try
        {
            await ApplyAsync(Possible(wanted), cancellationToken).ConfigureAwait(false);
        }
        catch (NftException error) when (!error.IsNotInstalled && !_isLesser && wanted.Lesser is not null)
        {
            await ApplyAsync(wanted.Lesser, cancellationToken).ConfigureAwait(false);
            _isLesser = true;
        }
    }

    internal Task<bool> RemoveAsync(CancellationToken cancellationToken) =>
        nft.DeleteTableAsync("inet", FirewallDocument.Table, cancellationToken);

    private FirewallDocument Possible(FirewallDocument wanted) => _isLesser ? wanted.Lesser ?? wanted : wanted;

    private Task ApplyAsync(FirewallDocument document, CancellationToken cancellationToken) =>
        nft.ApplyAsync(document.Json, $"set nftables table {FirewallDocument.Table}", cancellationToken);

    private static string? CommentOf(JsonElement item) =>
        item.TryGetProperty("rule", out var rule) && rule.TryGetProperty("comment", out var comment) ? comment.GetString() : null;

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
