namespace Meshover.Mesh.Events;

/// <summary>One entry of the catalogue of events; docs/events.md has a row for each (a test holds it).</summary>
/// <param name="Name">Stable: programs select by it.</param>
/// <param name="Meaning">One sentence.</param>
public sealed record EventKind(string Name, string Meaning)
{
    public override string ToString() => Name;
}
