using Meshover.Lab;

namespace Meshover.LabTests.Systemd;

/// <summary>The commands that the README shows for real machines, as they stand there.</summary>
internal sealed record ReadmeCommands
{
    private const string Fence = "```";

    public static ReadmeCommands English => Of("README.md", "## Use it on real machines");
    public static ReadmeCommands Japanese => Of("README.ja.md", "## 実際のマシンで使う");

    /// <summary>Those of the controller's machine, once.</summary>
    public required IReadOnlyList<string> Controller { get; init; }

    /// <summary>There, for each node.</summary>
    public required IReadOnlyList<string> Token { get; init; }
    public required IReadOnlyList<string> Node { get; init; }

    /// <summary>To a later release, and back.</summary>
    public required IReadOnlyList<string> OtherRelease { get; init; }

    /// <summary>Removal, and what makes the machine forget.</summary>
    public required IReadOnlyList<string> Removal { get; init; }

    /// <param name="file">README.md, or the same in another language.</param>
    /// <param name="heading">Under which they stand, in a block of code: groups with an empty line between them.</param>
    /// <exception cref="InvalidDataException">They are not the groups that are known here.</exception>
    private static ReadmeCommands Of(string file, string heading)
    {
        var lines = File.ReadLines(Path.Combine(Repository, file)).SkipWhile(line => line != heading).SkipWhile(line => line != Fence).Skip(1).TakeWhile(line => line != Fence);
        return Groups(lines) is [var controller, var token, var node, var otherRelease, var removal]
            ? new ReadmeCommands { Controller = controller, Token = token, Node = node, OtherRelease = otherRelease, Removal = removal }
            : throw new InvalidDataException($"{file} has not five groups of commands under '{heading}': a group more needs somebody here who runs it");
    }

    public IReadOnlyList<string> All => [.. Controller, .. Token, .. Node, .. OtherRelease, .. Removal];

    private static string Repository => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../.."));

    private static List<List<string>> Groups(IEnumerable<string> lines)
    {
        List<List<string>> groups = [[]];
        foreach (var line in lines)
        {
            if (line.Length == 0) groups.Add([]);
            else if (WithoutComment(line) is { Length: > 0 } command) groups[^1].Add(command);
        }
        return groups;
    }

    private static string WithoutComment(string line) => line.Split('#')[0].Trim();
}
