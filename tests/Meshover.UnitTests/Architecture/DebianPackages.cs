namespace Meshover.UnitTests.Architecture;

/// <summary>The packages of this Debian: which program is whose, and who needs whom (dpkg's own files, dpkg(1), deb-control(5)).</summary>
internal sealed class DebianPackages
{
    private static readonly string[] ProgramDirectories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/frr"];

    private readonly Dictionary<string, string> _owners = [];
    private readonly Dictionary<string, HashSet<string>> _needs = [];

    private DebianPackages()
    {
        foreach (var list in Directory.GetFiles("/var/lib/dpkg/info", "*.list"))
        {
            var package = Path.GetFileNameWithoutExtension(list).Split(':')[0];
            foreach (var path in File.ReadLines(list).Where(path => ProgramDirectories.Contains(Path.GetDirectoryName(path)))) _owners[Path.GetFileName(path)] = package;
        }
        foreach (var paragraph in File.ReadAllText("/var/lib/dpkg/status").Split("\n\n")) Read(paragraph);
    }

    public static bool IsHere => File.Exists("/var/lib/dpkg/status");

    public static DebianPackages Read() => new();

    /// <summary>Packages that are on every Debian.</summary>
    public HashSet<string> Essential { get; } = ["apt"];

    /// <summary>Null where there is no such program, or where it came by other ways than a package.</summary>
    public string? OwnerOf(string program)
    {
        if (_owners.TryGetValue(program, out var owner)) return owner;
        // An alternative (update-alternatives(1)): a link to a program of another name.
        var path = ProgramDirectories.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
        var target = path is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true);
        return target is null ? null : _owners.GetValueOrDefault(target.Name);
    }

    /// <summary>The packages, and all that come with them.</summary>
    public HashSet<string> With(IEnumerable<string> packages)
    {
        var all = new HashSet<string>();
        var waiting = new Stack<string>(packages);
        while (waiting.TryPop(out var package))
        {
            if (!all.Add(package)) continue;
            foreach (var needed in _needs.GetValueOrDefault(package) ?? []) waiting.Push(needed);
        }
        return all;
    }

    private void Read(string paragraph)
    {
        var fields = paragraph.Split('\n').Where(line => line.Contains(": ", StringComparison.Ordinal))
            .ToLookup(line => line[..line.IndexOf(": ", StringComparison.Ordinal)], line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        if (fields["Package"].FirstOrDefault() is not { } package) return;
        if (fields["Essential"].Contains("yes")) Essential.Add(package);
        foreach (var needs in fields["Pre-Depends"].Concat(fields["Depends"])) Add(package, needs);
        // Who needs what this one provides may be served by it.
        foreach (var provided in fields["Provides"].SelectMany(Names)) Add(provided, package);
    }

    private void Add(string package, string needs) => (_needs.TryGetValue(package, out var all) ? all : _needs[package] = []).UnionWith(Names(needs));

    private static IEnumerable<string> Names(string relations) => relations.Split([',', '|']).Select(relation => relation.Trim().Split([' ', ':'])[0]);
}
