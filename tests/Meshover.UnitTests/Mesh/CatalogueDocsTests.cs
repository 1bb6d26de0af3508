using System.Text.RegularExpressions;
using Meshover.Mesh.Events;
using Meshover.Mesh.Findings;
using Meshover.UnitTests.Architecture;
using Xunit;

namespace Meshover.UnitTests.Mesh;

/// <summary>docs/findings.md and docs/events.md have each entry of the catalogues, in their words, and none that there is not.</summary>
public sealed partial class CatalogueDocsTests
{
    [Fact]
    public void Findings_HaveASectionEach_InTheOrderOfTheCatalogue()
    {
        var page = Repository.Read("docs/findings.md");
        Assert.Equal(FindingKinds.All.Select(kind => kind.Code), Section().Matches(page).Select(match => match.Groups["code"].Value));
        Assert.All(FindingKinds.All, kind => Assert.Contains(
            $"### {kind.Code}\n\n*{kind.SeverityWord}.* {kind.Meaning}\n\nWhat to do: {kind.Advice}\n", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Findings_AreKnownByTheirCode()
    {
        Assert.All(FindingKinds.All, kind => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", kind.Code));
        Assert.All(FindingKinds.All, kind => Assert.Same(kind, FindingKinds.Find(kind.Code)));
        Assert.Null(FindingKinds.Find("no-such-code"));
    }

    /// <summary>None is declared that the list, and so the page, does not have.</summary>
    [Fact]
    public void Findings_AreAllInTheList() => Assert.Equal(
        typeof(FindingKinds).GetFields().Where(field => field.FieldType == typeof(FindingKind)).Select(field => ((FindingKind)field.GetValue(null)!).Code).Order(),
        FindingKinds.All.Select(kind => kind.Code).Order());

    [Fact]
    public void Events_HaveARowEach()
    {
        var page = Repository.Read("docs/events.md");
        Assert.Equal(EventKinds.All.Select(kind => $"| `{kind.Name}` | {kind.Meaning} |"), page.Split('\n').SkipWhile(line => line != "| kind | |").Skip(2).TakeWhile(line => line.StartsWith('|')));
        Assert.Equal(typeof(EventKinds).GetFields().Select(field => ((EventKind)field.GetValue(null)!).Name).Order(), EventKinds.All.Select(kind => kind.Name).Order());
    }

    [GeneratedRegex("^### (?<code>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Section();
}
