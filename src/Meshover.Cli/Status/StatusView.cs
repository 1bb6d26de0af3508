using System.Collections.Immutable;
using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Status;

/// <summary>What of a status somebody wants to see.</summary>
/// <param name="OnlyProblems">Only what is wrong.</param>
/// <param name="Peer">Only this one, by hostname or by address; null: all.</param>
/// <param name="Page">Of the peers, <see cref="PageSize"/> at a time and the worst first, from 1 on; null: all of them.</param>
internal sealed record StatusView(bool OnlyProblems, string? Peer, int? Page = null)
{
    public const int PageSize = 50;

    /// <param name="status">All that there is.</param>
    /// <param name="mayBeGone">A peer that is not there, or not any more, is no peer instead of an error: who watches waits for it.</param>
    /// <exception cref="CliException">There is no such peer or page.</exception>
    public StatusDocument Of(StatusDocument status, bool mayBeGone = false)
    {
        if (Peer is not null)
        {
            var found = status.Peers.FirstOrDefault(peer => string.Equals(peer.Hostname, Peer, StringComparison.OrdinalIgnoreCase) || peer.Has(Peer) || peer.Link == Peer);
            if (found is null && !mayBeGone)
                throw new CliException($"This node has no peer \"{Peer}\"; `meshover status` lists them.", ExitCode.Usage);
            return status with { Peers = found is null ? [] : [found], Findings = [.. status.Findings.Where(finding => finding.Subject == (found?.Hostname ?? Peer))] };
        }
        var sorted = status.Findings.OrderByDescending(Severity);
        var peers = Wanted(status);
        return status with { Peers = Page is null ? peers : PageOf(peers, mayBeGone), Findings = [.. sorted] };
    }

    public int PagesOf(StatusDocument status) => Pages(Wanted(status).Length);

    private ImmutableArray<PeerSection> Wanted(StatusDocument status) => OnlyProblems ? [.. status.Peers.Where(peer => Badness(peer) > 0)] : status.Peers;

    /// <summary>How many pages so many peers are.</summary>
    public static int Pages(int peers) => Math.Max(1, (peers + PageSize - 1) / PageSize);

    /// <summary>Who watches a page that is not there any more sees the last.</summary>
    private ImmutableArray<PeerSection> PageOf(ImmutableArray<PeerSection> peers, bool mayBeGone) => Page <= Pages(peers.Length) || mayBeGone
        ? [.. peers.OrderByDescending(Badness).Skip((Math.Min(Page!.Value, Pages(peers.Length)) - 1) * PageSize).Take(PageSize)]
        : throw new CliException($"There is no page {Page}: the peers are {Pages(peers.Length)} {(Pages(peers.Length) == 1 ? "page" : "pages")}.", ExitCode.Usage);

    /// <summary>0: it is well. One that is off is no fault, but no peer that is well either.</summary>
    public static int Badness(PeerSection peer) => peer switch
    {
        { Path: "none", Silent: false } => 5,
        { Path: "none" } => 4,
        { Path: "transit" } => 3,
        { BgpState: not ("Established" or "") } => 2,
        { BfdState: "down" } => 1,
        _ => 0,
    };

    private static int Severity(StatusFinding finding) => finding.Severity switch { "fault" => 2, "warning" => 1, _ => 0 };
}
