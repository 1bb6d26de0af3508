using System.Collections.Immutable;
using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover check</c>: what is wrong in the mesh as a whole, by what the controller knows of all its nodes.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var json = AdminOptions.Json();
        var command = new ExampleCommand(
            "check", "Compares what all nodes say: numbers that are given twice, links that work one way, pairs that do not reach each other and where their ways end, path MTUs and families that differ by direction, routes that a kernel lacks, what is announced without a grant, "
            + "clocks and releases that differ. Exit code: 0 nothing was found, 3 something was.",
            "meshover check", "meshover check --json | jq -r '.problems[] | select(.check == \"one-way-link\") | .text'")
        {
            json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var answer = await AdminCalls.CallAsync(
                parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.CheckMeshAsync(new CheckMeshRequest(), options), cancel);
            var document = new CheckDocument(answer.Nodes, answer.Unheard, [.. answer.Checks], [.. answer.Found], [.. answer.Problems.Select(problem => new ProblemDocument(problem.Check, problem.Subject, problem.Text))], answer.More);
            if (parsed.GetValue(json))
                AdminJson.Write(document, AdminJson.Default.CheckDocument);
            else
                Print(document);
            return document.Problems.IsEmpty ? ExitCode.Fine : ExitCode.Degraded;
        });
        return command;
    }

    private static void Print(CheckDocument document)
    {
        foreach (var (check, found) in document.Checks.Zip(document.Found))
        {
            Console.Out.WriteLine($"{check,-22} {(found == 0 ? "fine" : $"{found} found")}");
            foreach (var problem in document.Problems.Where(problem => problem.Check == check))
                Console.Out.WriteLine(Terminal.Safe($"  {problem.Text}"));
        }
        if (document.More > 0)
            Console.Out.WriteLine($"{document.More} more are not shown.");
        if (document.Unheard > 0)
            Console.Out.WriteLine($"Of {document.Nodes} nodes {document.Unheard} say nothing of how they stand: of those not all is known.");
    }
}

/// <summary>What `meshover check --json` prints. Fields are only ever added.</summary>
/// <param name="Nodes">Members of the mesh.</param>
/// <param name="Unheard">Those that do not say how they stand.</param>
/// <param name="Checks">The names of all checks.</param>
/// <param name="Found">How much each of them found.</param>
/// <param name="Problems">What was found; at most 100 of a check.</param>
/// <param name="More">How many problems are not listed.</param>
internal sealed record CheckDocument(uint Nodes, uint Unheard, ImmutableArray<string> Checks, ImmutableArray<uint> Found, ImmutableArray<ProblemDocument> Problems, uint More);

/// <param name="Check">By which check.</param>
/// <param name="Subject">A node, a pair, an address.</param>
/// <param name="Text">A sentence.</param>
internal sealed record ProblemDocument(string Check, string Subject, string Text);
