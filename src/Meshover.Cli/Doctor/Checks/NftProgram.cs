using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>The program nft is not there, by which the node's table of the firewall is set.</summary>
internal sealed class NftProgram : ICheck
{
    public string Name => "nftables";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (facts.NftMissing is { } why)
        {
            yield return new Finding
            {
                Kind = FindingKinds.NftablesMissing,
                Severity = Severity.Fault,
                Problem = $"nft cannot be run: {why.TrimEnd('.')}.",
                Breaks = "Forged tunnel addresses are not dropped, and TCP segments are not made to fit the links; firewalls of this machine cannot be looked at.",
                Mend = "Install the package nftables.",
            };
        }
    }
}
