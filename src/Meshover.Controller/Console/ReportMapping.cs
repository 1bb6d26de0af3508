using Meshover.Console.UseCases;
using Meshover.Contract.V1;
using Meshover.Mesh.Findings;

namespace Meshover.Controller.Console;

/// <summary>From what a node answers to what the console shows of it.</summary>
internal static class ReportMapping
{
    private const int MostAnnouncements = 500;

    public static NodeReport ToReport(AgentStatus status, PeersAnswer peers) => new(
        status.Controller.Length > 0 ? $"{status.ControllerState} ({status.Controller})" : status.ControllerState, Words(status.Dataplane), Words(status.Routing), Words(status.Kernel),
        [.. status.Findings.Select(ToFinding).OrderBy(finding => finding.Health)], [.. peers.Peers.Select(ToRow)], peers.More)
    {
        Draining = status.Draining,
        Announcements = [.. status.Announcements.Take(MostAnnouncements).Select(ToRow)],
        Sources = [.. status.AnnouncementSources.Select(source => new SourceRow(source.Name, source.Status))],
        KernelHas = [.. status.KernelHas],
        KernelLacks = [.. status.KernelLacks],
        Notices = [.. status.Notices],
        Gatherings = [.. status.Gatherings.Select(range => new GatheringRow(range.Prefix, range.Owner, range.Path, range.Reason))],
    };

    private static AnnouncementRow ToRow(Contract.V1.Announcement one) => new(
        one.Prefix, [.. one.Sources], one.Withdrawn ? "withdrawn" : one.Granted ? "announced" : "refused",
        one.Withdrawn ? Health.Unknown : one.Granted ? Health.Fine : Health.Warning, one.Mode, one.Role, one.Reason);

    private static NodeFinding ToFinding(Contract.V1.Finding finding)
    {
        var severity = finding.Severity switch
        {
            "notice" => FindingSeverity.Notice,
            "fault" => FindingSeverity.Fault,
            _ => FindingSeverity.Warning,
        };
        return new NodeFinding(finding.Code, finding.Severity, finding.Subject, finding.Text, finding.Advice, MeshPicture.HealthOf(severity));
    }

    private static PeerRow ToRow(PeerStatus peer) => new(
        peer.Hostname, peer.Endpoint, peer.BgpState, peer.BfdState, peer.Path, peer.PathReason, peer.RttMs < 0 ? null : peer.RttMs,
        peer.HandshakeAgeSeconds < 0 ? null : peer.HandshakeAgeSeconds, peer.PrefixesReceived, peer.RxBytes, peer.TxBytes,
        peer.BgpState == "Established" ? Health.Fine : peer.Silent ? Health.Unknown : Health.Bad);

    private static string Words(ComponentStatus? component) => component is null ? "" : component.Errors.Count > 0 ? $"{component.State}: {string.Join(" ", component.Errors)}" : component.Kind.Length > 0 ? $"{component.State} ({component.Kind})" : component.State;
}
