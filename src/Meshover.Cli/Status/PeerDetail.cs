using System.Collections.Immutable;
using System.Globalization;
using Meshover.Mesh.Paths;
using Spectre.Console;

namespace Meshover.Cli.Status;

/// <summary>All that is known of one peer, for people.</summary>
internal static class PeerDetail
{
    public static void Write(IAnsiConsole console, PeerSection peer, ImmutableArray<StatusFinding> findings)
    {
        StatusTable.Line(console, $"[bold]{PeerTable.Name(peer)}[/]  {peer.Address4}  {peer.Address6}  AS {peer.Asn}  node {peer.Id}{(peer.Transit == true ? ", transit" : "")}");
        StatusTable.WriteFurther(console, peer.FurtherAddresses);
        var colour = StatusView.Badness(peer) switch { 0 => "green", < 4 => "yellow", _ => "red" };
        StatusTable.Line(console, $"[grey]path[/]        [{colour}]{peer.Path}[/]{(peer.PathReason.Length > 0 ? $", {peer.PathReason}" : "")}");
        StatusTable.Line(console, $"[grey]endpoint[/]    {peer.Endpoint ?? "none"}, by {peer.Link}");
        StatusTable.Line(console, $"[grey]handshake[/]   {(peer.HandshakeAgeSeconds is { } age ? $"{StatusTable.Age(age)} ago" : "never")}");
        StatusTable.Line(console, $"[grey]round trip[/]  {(peer.RttMs is { } rtt ? string.Create(CultureInfo.InvariantCulture, $"{rtt:0.00} ms") : "unknown")}");
        if (peer.LinkCost is { } cost)
            StatusTable.Line(console, $"[grey]cost[/]        {cost} at this end ({LinkCost.Base} is the least)");
        StatusTable.Line(console, $"[grey]traffic[/]     {StatusTable.Bytes(peer.RxBytes)} received, {StatusTable.Bytes(peer.TxBytes)} sent");
        StatusTable.Line(console, $"[grey]bgp[/]         {(peer.BgpState.Length > 0 ? peer.BgpState : "no session")}, BFD {(peer.BfdState.Length > 0 ? peer.BfdState : "unknown")}{(peer.BfdProfile is { } profile ? $" ({profile})" : "")}, {peer.PrefixesReceived} prefixes");
        foreach (var finding in findings)
            StatusTable.WriteFinding(console, finding);
    }
}
