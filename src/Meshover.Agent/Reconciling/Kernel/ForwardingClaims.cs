using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Who relies on the forwarding that we turned on, having come later: what of it <c>down</c> leaves as it is.</summary>
/// <param name="By4">An interface; null: nobody.</param>
/// <param name="By6">The same of IPv6.</param>
internal sealed record ForwardingClaims(string? By4, string? By6)
{
    internal IEnumerable<string> Notes
    {
        get
        {
            if (By4 is not null)
                yield return $"{SysctlDiff.Forwarding4} stays 1: {By4} came after Meshover had set it, and forwards, too.";
            if (By6 is not null)
                yield return $"{SysctlDiff.Forwarding6} stays 1, and accept_ra as it is: {By6} came after Meshover had set it, and forwards, too.";
        }
    }

    internal static ForwardingClaims Of(
        IReadOnlyList<SysctlEntry> remembered, IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses, KernelNames names)
    {
        return new(Newcomer(SysctlDiff.Forwarding4, AddressFamily.InterNetwork), Newcomer(SysctlDiff.Forwarding6, AddressFamily.InterNetworkV6));

        string? Newcomer(string key, AddressFamily family) => remembered.FirstOrDefault(entry => entry.Key == key) is { } forwarding
            ? OtherForwarders.Of(links, addresses, family, names).Except(forwarding.Beside ?? []).FirstOrDefault()
            : null;
    }

    /// <summary>With its former accept_ra a machine that goes on forwarding would be deaf to router advertisements.</summary>
    internal bool Covers(SysctlEntry entry) =>
        (By4 is not null && entry.Key is SysctlDiff.Forwarding4 or SysctlMemory.Redirects4)
        || (By6 is not null && (entry.Key == SysctlDiff.Forwarding6 || entry.Key.EndsWith(".accept_ra", StringComparison.Ordinal)));
}
