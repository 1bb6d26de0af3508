namespace Meshover.Mesh.Findings;

/// <summary>Something that is wrong now.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">What it is about (a peer's hostname, a prefix, a component); with the kind it tells one finding from another. Empty: the node itself.</param>
/// <param name="Text">What was seen, with names and numbers, one sentence.</param>
public sealed record Finding(FindingKind Kind, string Subject, string Text)
{
    public Finding(FindingKind kind, string subject) : this(kind, subject, kind.Meaning) { }

    /// <summary>By which the same finding is known at another time: what was seen may be worded anew.</summary>
    public (string Code, string Subject) Key => (Kind.Code, Subject);

    public override string ToString() => Text;
}
