using System.Reflection;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>
/// The templates of the three daemons (Liquid). Built-in ones are used unless the user's directory holds a file of the same name
/// (<c>zebra.conf.liquid</c>, <c>bgpd.conf.liquid</c>, <c>bfdd.conf.liquid</c>: replaces it). One of the name with <c>.extra</c>
/// (<c>bgpd.extra.conf.liquid</c>) is rendered with the same values and appended; snippets (<c>10-mine.bgp.liquid</c>) add lines at named
/// places (<see cref="SnippetPlace"/>).
/// </summary>
public sealed class FrrTemplateSet
{
    private const string Suffix = ".liquid";
    private static readonly string[] _daemons = ["zebra", "bgpd", "bfdd"];

    private FrrTemplateSet(DaemonTemplates zebra, DaemonTemplates bgpd, DaemonTemplates bfdd, SnippetSet snippets) =>
        (Zebra, Bgpd, Bfdd, Snippets) = (zebra, bgpd, bfdd, snippets);

    /// <summary>The built-in templates alone.</summary>
    public static FrrTemplateSet Embedded { get; } = Load(null);

    internal DaemonTemplates Zebra { get; }
    internal DaemonTemplates Bgpd { get; }
    internal DaemonTemplates Bfdd { get; }
    internal SnippetSet Snippets { get; }

    /// <summary>The user's templates over the built-in ones.</summary>
    /// <param name="directory">Null, or one that does not exist: the built-in ones. Files that do not end with <c>.liquid</c> are nothing to it.</param>
    /// <exception cref="FrrTemplateException">A template cannot be read or does not parse, or is called like none.</exception>
    public static FrrTemplateSet Load(string? directory) => new(
        LoadDaemon(directory, "zebra"), LoadDaemon(directory, "bgpd"), LoadDaemon(directory, "bfdd"),
        directory is null ? SnippetSet.Empty : SnippetSet.Of(SnippetFiles(directory), Read));

    /// <summary>Each line that the user's templates say, and where it is said.</summary>
    internal IEnumerable<TemplateLine> Trace(ScriptObject values) =>
        Snippets.Trace(values).Concat(new[] { Zebra, Bgpd, Bfdd }.SelectMany(templates => templates.Trace(values)));

    private static DaemonTemplates LoadDaemon(string? directory, string daemon)
    {
        var own = ReadUser(directory, Whole(daemon));
        return new DaemonTemplates(daemon, own ?? ReadEmbedded(Whole(daemon)), own is not null, ReadUser(directory, Extra(daemon)));
    }

    private static string Whole(string daemon) => $"{daemon}.conf{Suffix}";

    private static string Extra(string daemon) => $"{daemon}.extra.conf{Suffix}";

    private static FrrTemplate? ReadUser(string? directory, string name) =>
        directory is not null && Path.Combine(directory, name) is var path && File.Exists(path) ? Read(path) : null;

    private static FrrTemplate Read(string path)
    {
        try
        {
            return FrrTemplate.Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrrTemplateException(path, 1, 1, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>Hidden ones are of editors, and of Kubernetes.</summary>
    private static IEnumerable<string> SnippetFiles(string directory)
    {
        try
        {
            return !Directory.Exists(directory) ? [] : [.. Directory.EnumerateFiles(directory, $"*{Suffix}").Where(file =>
                Path.GetFileName(file) is var name && name[0] != '.' && !_daemons.Any(daemon => name == Whole(daemon) || name == Extra(daemon)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrrTemplateException(directory, 1, 1, $"cannot be read: {e.Message}");
        }
    }

    internal static FrrTemplate ReadEmbedded(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the program lacks its template {name}");
        using var reader = new StreamReader(stream);
        return FrrTemplate.Parse(name, reader.ReadToEnd());
    }
}

/// <summary>One daemon's template and what the user appends to it.</summary>
/// <param name="IsUsers">The template is the user's too.</param>
internal sealed record DaemonTemplates(string Daemon, FrrTemplate Main, bool IsUsers, FrrTemplate? Extra)
{
    /// <param name="values">With what snippets put into them.</param>
    /// <param name="snippets">Whose text must not get lost.</param>
    public string Render(ScriptObject values, SnippetSet snippets)
    {
        var main = Main.Render(values);
        if (IsUsers) snippets.CheckPlaced(values, Daemon, main);
        return Extra is null ? main : main + Extra.Render(values);
    }

    public IEnumerable<TemplateLine> Trace(ScriptObject values) =>
        new[] { IsUsers ? Main : null, Extra }.OfType<FrrTemplate>().SelectMany(template => template.Trace(values, new ScriptObject()));
}
