using System.Collections.Immutable;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Doctor.Fixing;

namespace Meshover.Cli.Doctor;

/// <summary>Makes all checks, and mends what can be mended where that is asked for.</summary>
internal static class Examination
{
    public static DoctorDocument Examine(MachineFacts facts) =>
        ToDocument([.. from check in AllChecks.List from finding in check.Look(facts) select ToSection(check, finding)]);

    public static async Task<DoctorDocument> MendAsync(MachineFacts facts, Fixer fixer, CancellationToken cancellationToken)
    {
        var sections = ImmutableArray.CreateBuilder<FindingSection>();
        foreach (var check in AllChecks.List)
        {
            foreach (var finding in check.Look(facts))
            {
                var section = ToSection(check, finding);
                sections.Add(finding.Fix is { } fix ? await MendAsync(section, fix, fixer, cancellationToken) : section);
            }
        }
        return ToDocument(sections.ToImmutable());
    }

    private static async Task<FindingSection> MendAsync(FindingSection section, Fix fix, Fixer fixer, CancellationToken cancellationToken)
    {
        var error = await fixer.TryFixAsync(fix, cancellationToken);
        return section with { Fixed = error is null, FixError = error };
    }

    private static DoctorDocument ToDocument(ImmutableArray<FindingSection> findings) => new()
    {
        Version = ProgramVersion.Text,
        Healthy = !findings.Any(finding => finding is { Severity: Severity.Fault, Fixed: false }),
        Checks = [.. AllChecks.List.Select(check => check.Name)],
        Findings = findings,
    };

    private static FindingSection ToSection(ICheck check, Finding finding) => new()
    {
        Check = check.Name,
        Code = finding.Kind.Code,
        Severity = finding.Severity,
        Problem = finding.Problem,
        Breaks = finding.Breaks,
        Mend = finding.Mend,
        Fixable = finding.Fix is not null,
        Fixed = false,
        FixError = null,
    };
}
