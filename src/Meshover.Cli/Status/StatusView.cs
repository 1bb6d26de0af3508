using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Status;

/// <summary>What of a status somebody wants to see.</summary>
/// <param name="OnlyProblems">Only what is wrong.</param>
/// <param name="Peer">Only this one, by hostname or by address; null: all.</param>
internal sealed record StatusView(bool OnlyProblems, string? Peer)
{
    /// <exception cref="CliException">There is no such peer.</exception>
    public StatusDocument Of(StatusDocument status)
    {
        if (Peer is not null)
        {
            var found = status.Peers.FirstOrDefault(peer => string.Equals(peer.Hostname, Peer, StringComparison.OrdinalIgnoreCase) || peer.Address4 == Peer || peer.Address6 == Peer || peer.Link == Peer)
                ?? throw new CliException($"This node has no peer \"{Peer}\"; `meshover status` lists them.", ExitCode.Usage);
            return status with { Peers = [found], Findings = [.. status.Findings.Where(finding => finding.Subject == found.Hostname)] };
        }
        var sorted = status.Findings.OrderByDescending(Severity);
        return OnlyProblems
            ? status with { Peers = [.. status.Peers.Where(peer => Badness(peer) > 0)], Findings = [.. sorted] }
            : status with { Findings = [.. sorted] };
    }

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
