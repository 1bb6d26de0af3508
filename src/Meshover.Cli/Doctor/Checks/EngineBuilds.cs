using Meshover.Mesh.Findings;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>The data plane runs as a slower build than the processor could run.</summary>
internal sealed class EngineBuilds : ICheck
{
    public string Name => "engine-build";

    public IEnumerable<Finding> Look(MachineFacts facts) => Look(facts.EngineBuild);

    private static IEnumerable<Finding> Look(BuildInfo? running)
    {
        if (running?.Better() is not { } better)
            yield break;
        yield return new Finding
        {
            Kind = FindingKinds.EngineBuild,
            Severity = Severity.Warning,
            Problem = $"The data plane runs as build {running.Build}, with the cipher {running.Cipher}; this processor could run build {better}.",
            Breaks = "Nothing, but packets may take twice the processor time.",
            Mend = $"Put meshover-dataplane.{better} beside meshover and restart the data plane. `meshover dataplane --probe` says what would "
                + "run, and why.",
        };
    }
}
