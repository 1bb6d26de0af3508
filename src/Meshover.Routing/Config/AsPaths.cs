using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>
/// Regular expressions over AS paths. <c>_</c> matches a separator or an end; the mesh's own numbers are 4200000000-4294967294
/// (RFC 6996), which <see cref="Mesh"/> finds by their first two digits.
/// </summary>
internal static class AsPaths
{
    private const string Mesh = "42[0-9]{8}";

    public static ScriptObject For(int maxMeshHops) => new()
    {
        ["any"] = $"_{Mesh}_",
        ["one"] = $"^{Mesh}$",
        ["two"] = $"^{string.Concat(Enumerable.Repeat($"({Mesh}_)?", maxMeshHops - 1))}{Mesh}$",
        ["full"] = Full(maxMeshHops),
    };

    /// <summary>As many mesh hops as the limit allows: the receiver of one more would refuse it, so it is not sent.</summary>
    private static string Full(int maxMeshHops) =>
        $"_{Mesh}_" + string.Concat(Enumerable.Repeat($"(.*_)?{Mesh}_", maxMeshHops - 1));
}
