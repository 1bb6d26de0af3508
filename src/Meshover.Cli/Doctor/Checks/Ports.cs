using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Somebody else has WireGuard's UDP port, or BGP's TCP port.</summary>
internal sealed class Ports : ICheck
{
    public string Name => "port";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.PortsInUse.Select(port => new Finding
    {
        Kind = FindingKinds.PortTaken,
        Severity = Severity.Fault,
        Problem = port.Problem,
        Breaks = port.Breaks,
        Mend = port.Mend,
    });
}
