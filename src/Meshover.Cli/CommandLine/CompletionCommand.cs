using System.CommandLine;

namespace Meshover.Cli.CommandLine;

/// <summary><c>meshover completion</c>: the scripts of deploy/package/completions, which the packages install, for machines without a package.</summary>
internal static class CompletionCommand
{
    private const string Name = "meshover";

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new ExampleCommand(
            "completion", "Prints the script by which a shell completes this command line. The Debian packages have installed it already.",
            "source <(meshover completion bash)", "meshover completion zsh >\"${fpath[1]}/_meshover\"", "meshover completion fish >~/.config/fish/completions/meshover.fish")
        {
            shell,
        };
        command.SetAction(parsed => Console.Out.Write(Script(parsed.GetRequiredValue(shell))));
        return command;
    }

    internal static string Script(string shell)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completions/{shell}")
            ?? throw new InvalidOperationException($"The script for {shell} is not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("@name@", Name, StringComparison.Ordinal).Replace("@function@", Name, StringComparison.Ordinal);
    }
}
