namespace Meshover.Mesh.Findings;

/// <summary>One entry of the catalogue. docs/findings.md has a section for each (a test holds it).</summary>
/// <param name="Code">Lower case with hyphens; stable: programs select by it, and it is never given another meaning.</param>
/// <param name="Severity">As a rule; a check that sees more may find it less bad.</param>
/// <param name="Meaning">What is wrong, one sentence.</param>
/// <param name="Advice">What to do, one sentence.</param>
public sealed record FindingKind(string Code, FindingSeverity Severity, string Meaning, string Advice)
{
    /// <summary>Lower case, as in JSON.</summary>
    public string SeverityWord => Severity switch
    {
        FindingSeverity.Notice => "notice",
        FindingSeverity.Warning => "warning",
        _ => "fault",
    };

    public override string ToString() => Code;
}
