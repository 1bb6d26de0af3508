using System.CommandLine;
using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover audit</c></summary>
internal static class AuditCommand
{
    private const int DefaultLimit = 50;
    private const int PageSize = 1_000; // the controller's own bound

    public static ExampleCommand Create()
    {
        var limit = new Option<int>("--limit") { Description = "How many, newest first.", HelpName = "NUMBER", DefaultValueFactory = _ => DefaultLimit };
        var node = new Option<string>("--node") { Description = "Only what concerns this node: hostname or id.", HelpName = "NODE" };
        var routine = new Option<bool>("--routine") { Description = "Show what the controller changed by itself (endpoints, transit nodes) instead of what somebody did." };
        var json = AdminOptions.Json();
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0))
                result.AddError($"--limit {result.Tokens[0].Value}: write a number from 1.");
        });
        var command = new ExampleCommand("audit", "Shows what was changed in the mesh, by whom and why; the newest first.",
            "meshover audit", "meshover audit --node web-1 --limit 10", "meshover audit --json --limit 1000 | jq -r '.[] | select(.operation == \"node.remove\") | .object'")
        {
            limit, node, routine, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new ListAuditRequest { Node = parsed.GetValue(node) ?? "", Routine = parsed.GetValue(routine) };
            var entries = await FetchAsync(parsed.GetRequiredValue(AdminOptions.Socket), request, parsed.GetValue(limit), cancel);
            if (parsed.GetValue(json))
                AdminJson.Write(entries, AdminJson.Default.AuditDocumentArray);
            else
                await Console.Out.WriteAsync(string.Concat(entries.SelectMany(Lines).Select(line => Terminal.Safe(line) + "\n")));
        });
        return command;
    }

    private static async Task<AuditDocument[]> FetchAsync(string socket, ListAuditRequest request, int limit, CancellationToken cancel)
    {
        var entries = new List<AuditDocument>();
        do
        {
            request.Limit = (uint)Math.Min(limit - entries.Count, PageSize);
            var page = await AdminCalls.CallAsync(socket, (api, options) => api.ListAuditAsync(request, options), cancel);
            entries.AddRange(page.Entries.Select(AuditDocument.Of));
            request.Below = page.Next;
        }
        while (request.Below != 0 && entries.Count < limit);
        return [.. entries];
    }

    // What changed may be long: a table of it would be wider than any screen.
    private static IEnumerable<string> Lines(AuditDocument entry)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{entry.Time:u} {entry.Operation} {entry.Object}, by {entry.Actor}: {entry.Reason}");
        if (entry.Before.Length > 0)
            yield return $"    was: {entry.Before}";
        if (entry.After.Length > 0)
            yield return $"    now: {entry.After}";
    }
}
