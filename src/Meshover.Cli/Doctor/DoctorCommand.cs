using System.CommandLine;
using System.Text.Json;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Doctor.Fixing;
using Meshover.Cli.Hosting;
using Spectre.Console;

namespace Meshover.Cli.Doctor;

/// <summary><c>meshover doctor</c></summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON (docs/doctor.schema.json)." };
        var fix = new Option<bool>("--fix") { Description = "Fix what can be fixed safely; `down` undoes what it did to the running system." };
        var command = new ExampleCommand(
            "doctor", "Looks for what stands in the mesh's way on this machine: names and numbers in use, firewalls, policy rules, sysctls, network managers. "
                + "Works before `up`, too. Exit code: 0 no fault, 1 a fault.",
            "meshover doctor", "meshover doctor --fix", "meshover doctor --json | jq '.findings[] | select(.severity == \"fault\")'")
        {
            json, fix,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.Paths(), parsed.GetValue(json), parsed.GetValue(fix), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, bool json, bool fix, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("doctor", "reads the firewall and the node's files, which only root may");
        var facts = await new FactsCollector(paths).CollectAsync(cancellationToken);
        var document = fix ? await Examination.MendAsync(facts, new Fixer(paths), cancellationToken) : Examination.Examine(facts);
        Print(document, json);
        return document.Healthy ? ExitCode.Fine : ExitCode.Error;
    }

    private static void Print(DoctorDocument document, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(document, DoctorJson.Default.DoctorDocument));
            return;
        }
        var console = AnsiConsole.Console;
        // A pipe has no width of its own: nothing is wrapped or cut there.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 1000;
        DoctorText.Write(console, document);
        Terminal.LeaveKeypadMode(console);
    }
}
