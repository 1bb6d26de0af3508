using Meshover.Agent.Announcing.Declared;
using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Announcing;

/// <summary>What the flags say, as the setting <c>announcements</c> says it: one reader understands both.</summary>
internal static class AnnouncementText
{
    /// <summary>A mapping of YAML; keys without a value are left out.</summary>
    public static string Of(IEnumerable<(string Key, string? Value)> given) =>
        $"{{{string.Join(", ", given.Where(one => one.Value is not null).Select(one => $"{one.Key}: '{one.Value!.Replace("'", "''", StringComparison.Ordinal)}'"))}}}";

    /// <exception cref="CliException">It cannot be used; nobody was asked.</exception>
    public static (DeclaredAnnouncement Of, long Seconds) Read(string declaration, string? lifetime)
    {
        try
        {
            var of = AnnouncementReader.ReadOne(declaration);
            of.Check?.RequireProgram();
            return (of, AnnouncementReader.Lifetime(lifetime));
        }
        catch (FormatException e)
        {
            throw new CliException(e.Message, ExitCode.Usage, e);
        }
    }
}
