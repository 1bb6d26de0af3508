using System.Text.RegularExpressions;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.UnitTests.Architecture;
using Scriban.Runtime;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>docs/frr-templates.md has each value and each place that there is, and none that there is not.</summary>
public sealed partial class TemplateDocumentationTests
{
    /// <summary>Properties of the model that templates see by another name, or in another form.</summary>
    private static readonly Dictionary<string, string> OtherNames = new()
    {
        ["networks"] = "families.networks",
        ["grants"] = "granted4.range",
        ["resting"] = "resting4.range",
        ["neighbors"] = "neighbors.id",
        ["bfd"] = "bfd.profiles.interval_ms",
        ["neighbors.node"] = "neighbors.id",
        ["neighbors.may_originate"] = "neighbors.from4.range",
    };

    [Fact]
    public void Values_OfTheTemplates_AreAllDocumentedAndNoOthers() =>
        Assert.Equal(Names(FrrRenderer.Values(FrrRendering.Example(), FrrTemplateSet.Embedded), "").Distinct().Order(StringComparer.Ordinal), Documented("## Values").Order(StringComparer.Ordinal));

    [Fact]
    public void Places_OfSnippets_AreAllDocumentedAndNoOthers() =>
        Assert.Equal(SnippetPlace.All.Select(place => place.Name).Order(StringComparer.Ordinal), Documented("## Places").Order(StringComparer.Ordinal));

    [Fact]
    public void Model_EachProperty_IsAValueOfTheTemplates()
    {
        var documented = Documented("## Values");
        var properties = Properties<RoutingModel>("").Concat(Properties<NeighborModel>("neighbors.")).ToList();
        string[] within = ["external_neighbors", "learnable", "has_hosts", "failover_priorities"]; // they make lines and maps that templates have whole
        Assert.Empty(properties.Except(within).Select(name => OtherNames.GetValueOrDefault(name, name)).Except(documented));
        Assert.Empty(OtherNames.Keys.Except(properties));
    }

    private static IEnumerable<string> Properties<T>(string prefix) =>
        typeof(T).GetProperties().Select(property => prefix + Words().Replace(property.Name, "_$0").TrimStart('_').ToLowerInvariant());

    private static IEnumerable<string> Names(object? value, string path) => value switch
    {
        ScriptObject parts => parts.SelectMany(part => Names(part.Value, path.Length == 0 ? part.Key : $"{path}.{part.Key}")),
        ScriptArray { Count: > 0 } list when list[0] is ScriptObject => list.SelectMany(item => Names(item, path)),
        // Of a transit neighbour there are no entries.
        ScriptArray { Count: 0 } => [],
        _ => [path],
    };

    private static List<string> Documented(string heading)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "frr-templates.md"));
        var section = text[(text.IndexOf($"\n{heading}\n", StringComparison.Ordinal) + 1)..];
        var end = section.IndexOf("\n## ", 1, StringComparison.Ordinal);
        return [.. Row().Matches(end < 0 ? section : section[..end]).Select(match => match.Groups["name"].Value)];
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z0-9_.-]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();

    [GeneratedRegex("[A-Z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}
