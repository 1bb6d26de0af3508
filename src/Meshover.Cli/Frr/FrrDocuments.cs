using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;
using Meshover.Cli.CommandLine;
using Meshover.Routing.Config;

namespace Meshover.Cli.Frr;

/// <summary>What <c>meshover frr render --json</c> prints. Fields are only ever added.</summary>
internal sealed record RenderDocument
{
    public int Format { get; init; } = 1;

    /// <summary>Of an example mesh, not this node's.</summary>
    public required bool Example { get; init; }
    public required string Zebra { get; init; }
    public required string Bgpd { get; init; }
    public required string Bfdd { get; init; }

    /// <exception cref="CliException">Nothing is rendered: a template is wrong.</exception>
    public static RenderDocument Of(FrrAnswer answer) => answer.Error.Length > 0
        ? throw new CliException(answer.Error)
        : new() { Example = answer.IsExample, Zebra = answer.Rendered.Zebra, Bgpd = answer.Rendered.Bgpd, Bfdd = answer.Rendered.Bfdd };

    public string TextOf(string daemon) => daemon switch { "zebra" => Zebra, "bgpd" => Bgpd, _ => Bfdd };
}

/// <summary>What <c>meshover frr diff --json</c> prints.</summary>
internal sealed record DiffDocument
{
    public int Format { get; init; } = 1;

    /// <summary>Those that would be told something.</summary>
    public required ImmutableArray<DaemonDiff> Daemons { get; init; }

    /// <exception cref="CliException">A template is wrong, or what runs is not known.</exception>
    public static DiffDocument Of(FrrAnswer answer)
    {
        if (answer.Error.Length > 0)
            throw new CliException(answer.Error);
        if (answer.RunningUnknown.Length > 0)
            throw new CliException($"What FRR runs is not known: {answer.RunningUnknown}.");
        var differences = FrrDifference.Between(answer.Running ?? new FrrConfig("", "", ""), answer.Rendered);
        return new DiffDocument { Daemons = [.. differences.Select(difference => new DaemonDiff(difference.Daemon, difference.Removals, difference.Additions, difference.Leftovers))] };
    }

    /// <summary>As FRR's shell would take it.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        foreach (var daemon in Daemons)
        {
            if (daemon.Removals.Length > 0)
                text.Append($"! {daemon.Daemon}: what goes\n{daemon.Removals}");
            if (daemon.Additions.Length > 0)
                text.Append($"! {daemon.Daemon}: what comes\n{daemon.Additions}");
            if (daemon.Leftovers.Length > 0)
                text.Append($"! {daemon.Daemon}: what goes then\n{daemon.Leftovers}");
        }
        return text.ToString();
    }
}

/// <summary>Commands under their contexts, a line each.</summary>
internal sealed record DaemonDiff(string Daemon, string Removals, string Additions, string Leftovers);

/// <summary>What <c>meshover frr check --json</c> prints.</summary>
internal sealed record CheckDocument
{
    public int Format { get; init; } = 1;

    /// <summary>It was an example mesh, as no agent answered.</summary>
    public required bool Example { get; init; }

    /// <summary>Null: FRR knows every line.</summary>
    public string? Error { get; init; }

    /// <summary>Of the line that it does not know, where a template of the directory says that.</summary>
    public string? File { get; init; }
    public int? Line { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RenderDocument))]
[JsonSerializable(typeof(DiffDocument))]
[JsonSerializable(typeof(CheckDocument))]
internal sealed partial class FrrJson : JsonSerializerContext;
