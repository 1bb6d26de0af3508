using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.CommandLine;

/// <summary>The command line without any of its commands: global options, help, exit codes, what a failure looks like.</summary>
internal static class Root
{
    public static RootCommand Of(params ReadOnlySpan<Command> commands)
    {
        var root = new RootCommand("Meshover joins this machine, and all that is behind it, to an encrypted mesh that speaks BGP.");
        GlobalOptions.AddTo(root);
        foreach (var command in commands)
            root.Add(command);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
        return root;
    }

    /// <summary>Runs the command and turns any failure into one sentence on stderr and an exit code.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        // "--join @file" is ours to read: no response files.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction && parsed.Errors.Count > 0)
            return UsageError(parsed);
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        using var signals = new TerminationSignals();
        try
        {
            return await parsed.InvokeAsync(configuration, signals.Token);
        }
        catch (Exception e)
        {
            return Failure.Report(e, parsed.GetValue(GlobalOptions.Debug), Console.Error);
        }
    }

    private static int UsageError(ParseResult parsed)
    {
        // What was written wrong says more than that a command is missing after it.
        var misspelt = parsed.UnmatchedTokens.Count > 0 && parsed.Errors.Count > 1;
        foreach (var error in parsed.Errors.Skip(misspelt ? 1 : 0))
            Console.Error.WriteLine($"meshover: {error.Message}");
        Console.Error.WriteLine($"`{CommandPath(parsed.CommandResult.Command)} --help` shows what there is.");
        return ExitCode.Usage;
    }

    private static string CommandPath(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{CommandPath(parent)} {command.Name}" : "meshover";

    private sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is not ExampleCommand { Examples: { IsEmpty: false } examples })
                return exitCode;
            Console.Out.WriteLine("Examples:");
            foreach (var example in examples)
                Console.Out.WriteLine($"  {example}");
            return exitCode;
        }
    }
}
