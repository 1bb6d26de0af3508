using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.Debugging;

/// <summary><c>meshover debug bundle</c></summary>
internal static class DebugCommands
{
    /// <summary>EEXIST, as .NET tells it: the file is somebody else's.</summary>
    private const int FileExists = 17;

    public static Command Create() => new("debug", "What somebody else needs to find a fault of this node.") { Bundle() };

    private static ExampleCommand Bundle()
    {
        var output = new Option<string>("--output", "-o") { Description = "The archive, which must not be there yet [default: meshover-debug-TIME.tar.gz here]; - is standard output.", HelpName = "FILE" };
        var anonymise = new Option<bool>("--anonymise") { Description = "Replace addresses, hardware addresses and hostnames, each by the same one everywhere." };
        var command = new ExampleCommand(
            "bundle", "Collects status, doctor, events, logs, FRR's and the kernel's state into one archive. Keys, tokens and passwords are never in it. Changes nothing.",
            "meshover debug bundle", "meshover debug bundle --anonymise --output fault.tar.gz", "meshover debug bundle -o - | tar tz")
        {
            output, anonymise,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("debug bundle", "reads the node's files, which only root may");
            var time = TimeProvider.System;
            var file = parsed.GetValue(output) ?? $"meshover-debug-{time.GetUtcNow():yyyyMMdd-HHmmss}.tar.gz";
            var bundle = new Bundle(parsed.Paths(), parsed.GetValue(anonymise), time);
            if (file == "-")
                await bundle.WriteAsync(Console.OpenStandardOutput(), cancel);
            else
                await ToFileAsync(bundle, file, cancel);
        });
        return command;
    }

    private static async Task ToFileAsync(Bundle bundle, string file, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        try
        {
            await using (var stream = new FileStream(file, options))
                await bundle.WriteAsync(stream, cancel);
            await Console.Error.WriteLineAsync($"{file} is made. Keys, tokens and passwords are not in it; look it through before you give it away.");
        }
        catch (Exception e) when (e is not IOException { HResult: FileExists })
        {
            File.Delete(file);
            throw;
        }
    }
}
