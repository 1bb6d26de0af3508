using Meshover.Linux.Netlink;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Somebody else's interface has one of our names.</summary>
internal sealed class InterfaceNames : ICheck
{
    public string Name => "interface-name";

    public IEnumerable<Finding> Look(MachineFacts facts) => Look(facts.Links);

    public static IEnumerable<Finding> Look(IEnumerable<LinkInfo> links) => links
        .Where(link => OwnDevices.IsName(link.Name) && !OwnDevices.IsOurs(link))
        .Select(link => new Finding
        {
            Kind = FindingKinds.InterfaceName,
            Severity = Severity.Fault,
            Problem = $"The interface {link.Name} is {Kind(link.Kind)}: Meshover needs the name for its own, of kind {OwnDevices.KindsOf(link.Name)}.",
            Breaks = "The data plane cannot create its own interface of that name.",
            Mend = $"Rename it (`ip link set {link.Name} down; ip link set {link.Name} name OTHER`) or remove it.",
        });

    private static string Kind(string kind) => kind.Length == 0 ? "not Meshover's" : $"of kind {kind} and not Meshover's";
}
