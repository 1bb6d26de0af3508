using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A zebra runs that is not ours: both set routes in the same tables.</summary>
internal sealed class OtherZebra : ICheck
{
    public string Name => "other-zebra";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (facts.OtherZebra is { } advice)
        {
            yield return new Finding
            {
                Kind = FindingKinds.ZebraForeign,
                Severity = Severity.Fault,
                Problem = $"{advice.TrimEnd('.')}.",
                Breaks = "Each of the two removes routes that the other has set; the mesh's FRR does not start beside it.",
                Mend = "`systemctl disable --now frr`, or `meshover up --disable-system-frr`.",
            };
        }
    }
}
