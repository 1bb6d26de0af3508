using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>What the user adds at named places of the templates: files <c>NN-NAME.PLACE.liquid</c>, in the order of their names.</summary>
internal sealed partial class SnippetSet
{
    private readonly ImmutableArray<Snippet> _snippets;

    private SnippetSet(ImmutableArray<Snippet> snippets) => _snippets = snippets;

    public static SnippetSet Empty { get; } = new([]);

    /// <param name="files">Paths of a directory's files that are no whole templates.</param>
    /// <param name="read">Reads and parses one.</param>
    /// <exception cref="FrrTemplateException">The name of one is none of a snippet, or it cannot be read or does not parse.</exception>
    public static SnippetSet Of(IEnumerable<string> files, Func<string, FrrTemplate> read) =>
        new([.. files.OrderBy(Path.GetFileName, StringComparer.Ordinal).Select(file => new Snippet(file, PlaceOf(file), read(file)))]);

    /// <summary>Gives the values of the templates what stands at each place; nothing where there is no snippet for it.</summary>
    public void PutInto(ScriptObject values)
    {
        var common = Placed(SnippetPlace.Common, values, new ScriptObject());
        foreach (var neighbor in Neighbors(values)) neighbor["snippets"] = Placed(SnippetPlace.OfMeshNeighbors, values, OfNeighbor(neighbor));
        values["snippets"] = common;
    }

    /// <summary>Refuses a user's template that leaves out what a snippet says, as nothing would tell its writer.</summary>
    /// <param name="values">With what was put into them.</param>
    /// <param name="daemon">Whose template it is.</param>
    /// <param name="rendered">What came of the template.</param>
    public void CheckPlaced(ScriptObject values, string daemon, string rendered)
    {
        var common = (ScriptObject)values["snippets"]!;
        // No neighbours, no inbound route-maps.
        if (!Neighbors(values).Any()) return;
        foreach (var place in SnippetPlace.Common.Where(place => place.Daemon == daemon)) Check(place, $"snippets.{place.Value}", common);
        foreach (var place in SnippetPlace.OfMeshNeighbors.Where(place => place.Daemon == daemon))
            Check(place, $"n.snippets.{place.Value}", (ScriptObject)Neighbors(values).First()["snippets"]!);

        void Check(SnippetPlace place, string name, ScriptObject placed)
        {
            if (rendered.Contains((string)placed[place.Value]!, StringComparison.Ordinal)) return;
            var lost = _snippets.First(snippet => snippet.Place == place);
            throw new FrrTemplateException(lost.File, 1, 1, $"{daemon}.conf.liquid, which replaces the built-in template, has no place for it: write {{{{ {name} }}}} there, at the end of the line before");
        }
    }

    /// <summary>Each line that snippets say, and where it is said.</summary>
    public IEnumerable<TemplateLine> Trace(ScriptObject values)
    {
        foreach (var snippet in _snippets)
        {
            var owns = SnippetPlace.OfMeshNeighbors.Contains(snippet.Place) ? Neighbors(values).Select(OfNeighbor) : [new ScriptObject()];
            foreach (var line in owns.SelectMany(own => snippet.Template.Trace(values, own))) yield return line;
        }
    }

    private ScriptObject Placed(ImmutableArray<SnippetPlace> places, ScriptObject values, ScriptObject own)
    {
        var placed = new ScriptObject();
        foreach (var place in places)
            placed[place.Value] = string.Concat(_snippets.Where(snippet => snippet.Place == place).Select(snippet => place.Fit(snippet.Template.RenderPart(values, own))));
        return placed;
    }

    private static IEnumerable<ScriptObject> Neighbors(ScriptObject values) => ((ScriptArray)values["neighbors"]!).Cast<ScriptObject>();

    private static ScriptObject OfNeighbor(ScriptObject neighbor) => new() { ["neighbor"] = neighbor };

    private static SnippetPlace PlaceOf(string file)
    {
        var match = Name().Match(Path.GetFileName(file));
        return SnippetPlace.All.FirstOrDefault(place => match.Success && place.Name == match.Groups["place"].Value)
            ?? throw new FrrTemplateException(file, 1, 1, "this is no name of a template: a snippet is called like 10-mine.PLACE.liquid, where PLACE is "
                + $"{string.Join(", ", SnippetPlace.All.Select(place => place.Name))}, and a whole template zebra, bgpd or bfdd with .conf.liquid or .extra.conf.liquid");
    }

    [GeneratedRegex(@"\A[0-9]{2}-[a-z0-9][a-z0-9_-]*\.(?<place>[a-z0-9-]+)\.liquid\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    private sealed record Snippet(string File, SnippetPlace Place, FrrTemplate Template);
}
