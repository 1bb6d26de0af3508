using Spectre.Console;

namespace Meshover.Cli.Doctor;

/// <summary>The findings for people.</summary>
internal static class DoctorText
{
    public static void Write(IAnsiConsole console, DoctorDocument document)
    {
        foreach (var finding in document.Findings)
            Write(console, finding);
        var faults = document.Findings.Count(finding => finding is { Severity: Severity.Fault, Fixed: false });
        var warnings = document.Findings.Count(finding => finding is { Severity: Severity.Warning, Fixed: false });
        console.MarkupLine(faults + warnings == 0
            ? $"[green]Nothing is in the way[/] ({document.Checks.Length} checks)."
            : $"{Count(faults, "fault")}, {Count(warnings, "warning")}.");
        if (document.Findings.Any(finding => finding is { Fixable: true, Fixed: false, FixError: null }))
            console.MarkupLine("`meshover doctor --fix` fixes what is marked with [green]*[/].");
    }

    private static void Write(IAnsiConsole console, FindingSection finding)
    {
        var colour = finding.Severity == Severity.Fault ? "red" : "yellow";
        var word = finding.Fixed ? "fixed" : finding.Severity == Severity.Fault ? "fault" : "warning";
        var star = finding is { Fixable: true, Fixed: false } ? "[green]*[/]" : "";
        console.MarkupLine($"[{(finding.Fixed ? "green" : colour)}]{word}[/]{star} [grey]{finding.Code}[/]: {Markup.Escape(finding.Problem)}");
        if (finding.Fixed)
            return;
        console.MarkupLineInterpolated($"  breaks: {finding.Breaks}");
        console.MarkupLineInterpolated($"  fix:    {finding.Mend}");
        if (finding.FixError is { } error)
            console.MarkupLineInterpolated($"  [red]could not be fixed: {error}[/]");
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
