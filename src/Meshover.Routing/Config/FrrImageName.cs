using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Meshover.Routing.Config;

/// <summary>Name of an image, as engines of containers take it, and what it must be.</summary>
/// <param name="Name">With its registry and tag, if any: <c>registry.example/frr:10.3</c>.</param>
/// <param name="Digest">Such as <c>sha256:…</c>, of its manifest or of the image itself; null: whichever has the name.</param>
public sealed partial record FrrImageName(string Name, string? Digest)
{
    /// <summary>False where the text is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out FrrImageName? image)
    {
        var match = Reference().Match(text);
        image = match.Success ? new FrrImageName(match.Groups["name"].Value, match.Groups["digest"] is { Success: true, Value: var digest } ? digest : null) : null;
        return match.Success;
    }

    /// <summary>Whether one that the engine has is this one.</summary>
    /// <param name="id">Its own digest.</param>
    /// <param name="manifests">Where it was pulled from: <c>NAME@sha256:…</c>.</param>
    public bool IsMet(string id, IEnumerable<string> manifests) =>
        Digest is null || id == Digest || manifests.Any(manifest => manifest.EndsWith($"@{Digest}", StringComparison.Ordinal));

    public override string ToString() => Digest is null ? Name : $"{Name}@{Digest}";

    // No dash in front, which would be an option of a command's.
    [GeneratedRegex(@"^(?<name>[A-Za-z0-9][A-Za-z0-9._/:-]{0,254})(@(?<digest>sha256:[0-9a-f]{64}))?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Reference();
}
