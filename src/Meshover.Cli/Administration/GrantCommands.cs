using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover grant add|remove|list</c></summary>
internal static class GrantCommands
{
    public static Command Create() => new("grant", "Which prefixes a node may announce.") { Add(), Remove(), List() };

    private static ExampleCommand Add()
    {
        var node = NodeName();
        var prefix = new Argument<string>("PREFIX") { Description = "E.g. 10.64.1.0/24 or fd64:1::/64." };
        var length = new Option<uint>("--max-length") { Description = "Longest announced prefix length [default: the prefix's own].", HelpName = "LENGTH" };
        var pin = new Option<bool>("--pin")
        {
            Description = "While nobody announces it, its packets go nowhere, also where another node is granted a prefix around it and announces that.",
        };
        var gather = new Option<bool>("--gather")
        {
            Description = "The node may also gather: all others carry to it what leaves the mesh with a source in the prefix, of whichever node.",
        };
        var name = new Option<string>("--name")
        {
            Description = "What a single address (/32 or /128) is called in the mesh's zone of DNS, on every node: NAME.mesh. Give it with each grant of the address, and of its other family's, too.",
            HelpName = "NAME",
        };
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("add", "Lets a node announce a prefix. Where it has the prefix already, the rest of what is said replaces what was.",
            "meshover grant add web-1 10.64.1.0/24", "meshover grant add web-1 10.64.0.0/16 --max-length 24", "meshover grant add web-1 10.64.1.0/24 --pin",
            "meshover grant add edge-1 203.0.113.0/24 --gather", "meshover grant add web-1 10.9.0.1/32 --name shop")
        {
            node, prefix, length, pin, gather, name, reason,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new AddGrantRequest
            {
                Node = parsed.GetRequiredValue(node),
                Grant = new RouteGrant
                {
                    Prefix = parsed.GetRequiredValue(prefix),
                    MaxLength = parsed.GetValue(length),
                    Pin = parsed.GetValue(pin),
                    Gather = parsed.GetValue(gather),
                    Name = parsed.GetValue(name) ?? "",
                },
                Reason = parsed.GetValue(reason) ?? "",
            };
            var answer = await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.AddGrantAsync(request, options), cancel);
            if (request.Grant.Name.Length > 0 && answer.Grant is null)
                throw new CliException($"{request.Grant.Prefix} was granted, but not named: the controller that runs is of an older release, which knows no names of grants. Restart it, and grant it again.");
        });
        return command;
    }

    private static ExampleCommand Remove()
    {
        var node = NodeName();
        var prefix = new Argument<string>("PREFIX") { Description = "As `meshover grant list` shows it." };
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("remove", "Takes a prefix from a node; the others stop accepting it at once.", "meshover grant remove web-1 10.64.1.0/24")
        {
            node, prefix, reason,
        };
        command.SetAction((parsed, cancel) =>
        {
            var request = new RemoveGrantRequest
            {
                Node = parsed.GetRequiredValue(node),
                Prefix = parsed.GetRequiredValue(prefix),
                Reason = parsed.GetValue(reason) ?? "",
            };
            return AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.RemoveGrantAsync(request, options), cancel);
        });
        return command;
    }

    private static ExampleCommand List()
    {
        var json = AdminOptions.Json();
        var node = NodeName();
        node.Arity = ArgumentArity.ZeroOrOne;
        var command = new ExampleCommand("list", "Shows what was granted, to one node or to all.", "meshover grant list", "meshover grant list web-1") { node, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new ListGrantsRequest { Node = parsed.GetValue(node) ?? "" };
            var answer = await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.ListGrantsAsync(request, options), cancel);
            GrantDocument[] grants = [.. answer.Grants.Select(grant => new GrantDocument(grant.Node, grant.Grant.Prefix, grant.Grant.MaxLength, grant.Grant.Pin, grant.Grant.Gather, grant.Grant.Assigned, grant.Grant.Name.Length > 0 ? grant.Grant.Name : null))];
            if (parsed.GetValue(json))
                AdminJson.Write(grants, AdminJson.Default.GrantDocumentArray);
            else
                AdminTable.Write(["hostname", "prefix", "up to", "pinned", "gathers", "assigned", "name"], grants.Select(Cells));
        });
        return command;
    }

    private static string[] Cells(GrantDocument grant) => [grant.Hostname, grant.Prefix, $"/{grant.MaxLength}", grant.Pin ? "yes" : "", grant.Gather ? "yes" : "", grant.Assigned ? "yes" : "", grant.Name ?? ""];

    private static Argument<string> NodeName() => new("NODE") { Description = "Hostname or node id." };
}
