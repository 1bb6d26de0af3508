using System.CommandLine;
using System.Text.Json;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Cli.Frr;

/// <summary><c>meshover frr render|diff|check</c>: what FRR is to be told. None of them changes anything.</summary>
internal static class FrrCommands
{
    private static readonly string[] Daemons = ["zebra", "bgpd", "bfdd"];

    public static Command Create() => new("frr", "Shows what FRR is to be told, and whether it would take it; touches nothing.") { Render(), Diff(), Check() };

    private static ExampleCommand Render()
    {
        var (directory, json) = (TemplateDirectory(), Json());
        var example = new Option<bool>("--example") { Description = "For an example mesh instead of this node's: needs no node, and no root." };
        var daemon = new Option<string>("--daemon") { Description = "Of this daemon alone.", HelpName = "NAME" };
        daemon.AcceptOnlyFromAmong(Daemons);
        var command = new ExampleCommand(
            "render", "Prints the configuration that the templates make of the mesh as it is now.",
            "meshover frr render", "meshover frr render --daemon bgpd ./templates", "meshover frr render --example ./templates", "meshover frr render --json | jq -r .bgpd")
        {
            directory, example, daemon, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var source = Source(parsed);
            var rendering = parsed.GetValue(example) ? FrrSource.Example(parsed.GetValue(directory)) : await source.AskAsync("frr render", parsed.GetValue(directory), cancel);
            var document = RenderDocument.Of(rendering);
            if (parsed.GetValue(json))
                Write(document, FrrJson.Default.RenderDocument);
            else
                Print(parsed.GetValue(daemon) is { } one ? document.TextOf(one) : string.Concat(Daemons.Select(name => $"! {name}\n{document.TextOf(name)}")));
        });
        return command;
    }

    private static ExampleCommand Diff()
    {
        var (directory, json) = (TemplateDirectory(), Json());
        var command = new ExampleCommand(
            "diff", "Prints what FRR would be told to come from what it runs to what the templates make now. Exit code: 0 nothing, 3 something.",
            "meshover frr diff", "meshover frr diff ./templates", "meshover frr diff --json | jq '.daemons[].daemon'")
        {
            directory, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var rendering = await Source(parsed).AskAsync("frr diff", parsed.GetValue(directory), cancel);
            var document = DiffDocument.Of(rendering);
            if (parsed.GetValue(json))
                Write(document, FrrJson.Default.DiffDocument);
            else
                Print(document.Describe());
            return document.Daemons.IsEmpty ? ExitCode.Fine : ExitCode.Degraded;
        });
        return command;
    }

    private static ExampleCommand Check()
    {
        var (directory, json) = (TemplateDirectory(), Json());
        var command = new ExampleCommand(
            "check", "Says whether FRR knows every line that the templates make; of an example mesh where no agent answers, which needs no root. "
                + "Exit code: 0 it does, 1 it does not, with file and line.",
            "meshover frr check ./templates", "meshover frr check", "meshover frr check --json ./templates | jq .error")
        {
            directory, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var source = Source(parsed);
            var document = await CheckAsync(source, parsed.GetValue(directory), parsed.Paths(), cancel);
            if (parsed.GetValue(json))
                Write(document, FrrJson.Default.CheckDocument);
            else if (document.Error is { } error)
                throw new CliException(error);
            else
                Print($"FRR knows every line{(document.Example ? " that is made of an example mesh; no agent of this machine answers" : "")}.\n");
            return document.Error is null ? ExitCode.Fine : ExitCode.Error;
        });
        return command;
    }

    private static async Task<CheckDocument> CheckAsync(FrrSource source, string? directory, NodePaths paths, CancellationToken cancel)
    {
        var rendering = await source.TryAskAsync(directory, cancel) ?? FrrSource.Example(directory);
        if (rendering.Error.Length > 0)
            return new CheckDocument { Example = rendering.IsExample, Error = rendering.Error };
        var refusal = await DryRun.RefusalAsync(rendering.Rendered, paths.ToRoutingOptions(), TimeProvider.System, cancel);
        var line = refusal is null ? null : TemplateLine.Find(rendering.Lines, refusal);
        return new CheckDocument
        {
            Example = rendering.IsExample,
            Error = line is null ? refusal : $"{line.File}({line.Line}): {refusal}",
            File = line?.File,
            Line = line?.Line,
        };
    }

    private static FrrSource Source(ParseResult parsed) => new(parsed.Paths().AgentSocket, TimeProvider.System);

    private static void Write<T>(T document, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => Print(JsonSerializer.Serialize(document, type) + "\n");

    private static void Print(string text) => Console.Out.Write(text);

    private static Argument<string?> TemplateDirectory()
    {
        var directory = new Argument<string?>("DIRECTORY") { Description = "Of the templates [default: that of this node's settings].", Arity = ArgumentArity.ZeroOrOne };
        directory.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } path && !Directory.Exists(path))
                result.AddError($"{path} is no directory: name the one that the templates are in.");
        });
        return directory;
    }

    private static Option<bool> Json() => new("--json") { Description = "Print JSON." };
}
