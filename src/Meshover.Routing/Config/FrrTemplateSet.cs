using System.Reflection;

namespace Meshover.Routing.Config;

/// <summary>
/// The templates of the three daemons (Liquid). Built-in ones are used unless the user's directory holds a file of the same name
/// (<c>zebra.conf.liquid</c>, <c>bgpd.conf.liquid</c>, <c>bfdd.conf.liquid</c>: replaces it) or of the name with <c>.extra</c>
/// (<c>bgpd.extra.conf.liquid</c>: rendered with the same values and appended).
/// </summary>
public sealed class FrrTemplateSet
{
    internal FrrTemplateSet(DaemonTemplates zebra, DaemonTemplates bgpd, DaemonTemplates bfdd) => (Zebra, Bgpd, Bfdd) = (zebra, bgpd, bfdd);

    /// <summary>The built-in templates alone.</summary>
    public static FrrTemplateSet Embedded { get; } = Load(null);

    internal DaemonTemplates Zebra { get; }
    internal DaemonTemplates Bgpd { get; }
    internal DaemonTemplates Bfdd { get; }

    /// <summary>The user's templates over the built-in ones.</summary>
    /// <param name="directory">Null, or one that does not exist: the built-in ones.</param>
    /// <exception cref="FrrTemplateException">A template cannot be read or does not parse.</exception>
    public static FrrTemplateSet Load(string? directory) =>
        new(LoadDaemon(directory, "zebra"), LoadDaemon(directory, "bgpd"), LoadDaemon(directory, "bfdd"));

    private static DaemonTemplates LoadDaemon(string? directory, string daemon)
    {
        var main = ReadUser(directory, $"{daemon}.conf.liquid") ?? ReadEmbedded($"{daemon}.conf.liquid");
        return new DaemonTemplates(main, ReadUser(directory, $"{daemon}.extra.conf.liquid"));
    }

    private static FrrTemplate? ReadUser(string? directory, string name)
    {
        if (directory is null) return null;
        var path = Path.Combine(directory, name);
        try
        {
            return File.Exists(path) ? FrrTemplate.Parse(path, File.ReadAllText(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FrrTemplateException(path, 1, 1, $"cannot be read: {e.Message}");
        }
    }

    private static FrrTemplate ReadEmbedded(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the program lacks its template {name}");
        using var reader = new StreamReader(stream);
        return FrrTemplate.Parse(name, reader.ReadToEnd());
    }
}

/// <summary>One daemon's template and what the user appends to it.</summary>
internal sealed record DaemonTemplates(FrrTemplate Main, FrrTemplate? Extra)
{
    public string Render(Scriban.Runtime.ScriptObject values) =>
        Extra is null ? Main.Render(values) : Main.Render(values) + Extra.Render(values);
}
