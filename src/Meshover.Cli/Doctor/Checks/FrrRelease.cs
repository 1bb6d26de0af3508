using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A release of FRR that Meshover does not know.</summary>
internal sealed class FrrRelease : ICheck
{
    public string Name => "frr-release";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (facts.FrrDoubt is { } doubt)
        {
            yield return new Finding
            {
                Kind = FindingKinds.FrrRelease,
                Severity = Severity.Warning,
                Problem = $"{doubt}.",
                Breaks = "FRR may refuse its configuration, or exit at startup; then the node routes nothing.",
                Mend = "Install a release of FRR that Meshover knows (Debian 12 and 13 have one), or another release of Meshover.",
            };
        }
    }
}
