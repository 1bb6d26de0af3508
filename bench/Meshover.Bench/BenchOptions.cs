using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Meshover.Bench;

/// <summary>What is asked for on the command line.</summary>
internal sealed record BenchOptions
{
    /// <summary>One line.</summary>
    public const string Usage =
        "Usage: meshover-bench mesh|idle|paths|routing|sources|dataplane|peers|controller|status|console|kernel [--json FILE] [--markdown FILE] [--rounds 1-100] [--seconds 1-100] "
        + "[--subjects NAME,NAME…] [--cases NAME,NAME…] [--bfd-profile NAME,NAME…] [--peers 2-2000] [--members DIRECTORY]";

    /// <summary>mesh, idle, paths, routing, sources, dataplane, peers, controller, status, console, or kernel.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Where the figures go as JSON; null for nowhere.</summary>
    public string? JsonPath { get; private init; }

    /// <summary>A document that has a place for this benchmark's table (<see cref="Report.UpdateDocumentAsync"/>); null for none.</summary>
    public string? MarkdownPath { get; private init; }

    /// <summary>How often each case is measured; the table shows the median. Default 3 for the mesh, sources and the console, 5 for routing, 20 for paths, 1 for controller and status, else 7.</summary>
    public int Rounds { get; private init; }

    /// <summary>Seconds of each throughput case, or for which an idle mesh, or a controller, is watched, or written to. Default 2, 60 and 20.</summary>
    public int Seconds { get; private init; }

    /// <summary>Of the data plane's subjects, the controller's, those of paths and routing, or the kernel's parts (tunnels, programming, agent), only these; empty for all.</summary>
    public IReadOnlyList<string> Subjects { get; private init; } = [];

    /// <summary>Of what paths measures, only these; empty for all.</summary>
    public IReadOnlyList<string> Cases { get; private init; } = [];

    /// <summary>Each of these is tried as the setting <c>bfd-profile</c> where paths cuts a link; empty: lan and wan.</summary>
    public IReadOnlyList<string> BfdProfiles { get; private init; } = [];

    /// <summary>How many peers the kernel is programmed with. Default 1000.</summary>
    public int Peers { get; private init; } = 1000;

    /// <summary>
    /// A controller's state with that many members. "members" leaves it there, in no time; "kernel" uses it, where enrolling takes long. Null:
    /// they enrol where they are needed. "controller", "status" and "console" keep their own there from run to run; null: in /var/cache.
    /// </summary>
    public string? Members { get; private init; }

    public static bool TryParse(string[] args, out BenchOptions options, [NotNullWhen(false)] out string? fault)
    {
        var name = args.FirstOrDefault() ?? "";
        options = new BenchOptions { Name = name, Rounds = name switch { "mesh" or "console" or "sources" => 3, "routing" => 5, "paths" => 20, "controller" or "status" => 1, _ => 7 }, Seconds = name switch { "idle" or "status" => 60, "console" or "routing" => 20, _ => 2 } };
        fault = options.Name is "mesh" or "idle" or "paths" or "routing" or "sources" or "dataplane" or "peers" or "controller" or "status" or "console" or "kernel" or "members"
            ? null
            : $"meshover-bench: there is no benchmark \"{options.Name}\". {Usage}";
        for (var i = 1; fault is null && i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            BenchOptions? next = args[i] switch
            {
                "--json" when value.Length > 0 => options with { JsonPath = value },
                "--members" when value.Length > 0 => options with { Members = value },
                "--markdown" when value.Length > 0 => options with { MarkdownPath = value },
                "--subjects" when value.Length > 0 => options with { Subjects = value.Split(',') },
                "--cases" when value.Length > 0 => options with { Cases = value.Split(',') },
                "--bfd-profile" when value.Length > 0 => options with { BfdProfiles = value.Split(',') },
                "--rounds" when TryCount(value, out var count) => options with { Rounds = count },
                "--seconds" when TryCount(value, out var count) => options with { Seconds = count },
                "--peers" when TryCount(value, out var count, most: 2000) && count > 1 => options with { Peers = count },
                _ => null,
            };
            if (next is null)
            {
                fault = $"meshover-bench: '{args[i]} {value}' is not understood. {Usage}";
                return false;
            }
            options = next;
        }
        if (options is { Name: "members", Members: null })
            fault = $"meshover-bench: members wants --members DIRECTORY. {Usage}";
        return fault is null;
    }

    private static bool TryCount(string text, out int count, int most = 100) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count >= 1 && count <= most;
}
