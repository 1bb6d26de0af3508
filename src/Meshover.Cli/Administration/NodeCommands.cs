using System.CommandLine;
using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover node list|show|status|rename|tag|address|remove|allow</c></summary>
internal static class NodeCommands
{
    public static Command Create() => new("node", "The members of the mesh.") { List(), Show(), NodeStatusCommand.Create(NodeName()), Rename(), Tag(), NodeAddressCommands.Create(), Remove(), Allow() };

    private static ExampleCommand List()
    {
        var json = AdminOptions.Json();
        var removed = new Option<bool>("--removed") { Description = "Show removed nodes, too." };
        var command = new ExampleCommand("list", "Shows the nodes.", "meshover node list", "meshover node list --json | jq -r '.[] | select(.online | not) | .hostname'")
        {
            removed, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var nodes = await FetchAsync(parsed, parsed.GetValue(removed), cancel);
            if (parsed.GetValue(json))
                AdminJson.Write(nodes, AdminJson.Default.NodeDocumentArray);
            else
                AdminTable.Write(["node", "hostname", "state", "health", "IPv4", "IPv6", "further", "AS", "transit", "site", "version"], nodes.Select(Cells));
        });
        return command;
    }

    private static ExampleCommand Show()
    {
        var json = AdminOptions.Json();
        var name = NodeName();
        var command = new ExampleCommand("show", "Shows everything about one node.", "meshover node show web-1") { name, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var wanted = parsed.GetRequiredValue(name);
            var nodes = await FetchAsync(parsed, withRemoved: true, cancel);
            // A removed node may have had the name that another has now.
            var node = nodes.OrderBy(n => n.State == NodeDocument.Removed).FirstOrDefault(n => IsNamed(n, wanted))
                ?? throw new CliException($"There is no node \"{wanted}\" in the mesh. `meshover node list` shows the ones there are.");
            if (parsed.GetValue(json))
                AdminJson.Write(node, AdminJson.Default.NodeDocument);
            else
                AdminTable.WriteFields(Fields(node));
        });
        return command;
    }

    private static ExampleCommand Rename()
    {
        var name = NodeName();
        var hostName = new Argument<string>("HOSTNAME") { Description = "Its new hostname." };
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("rename",
            "Gives a node that is connected another hostname; its numbers and grants stay. One whose agent.yaml says `hostname` takes that again when it next connects: change it there instead.",
            "meshover node rename web-1 web-01", "meshover node rename 7 db-2 --reason \"it moved\"") { name, hostName, reason };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new RenameNodeRequest { Node = parsed.GetRequiredValue(name), Hostname = parsed.GetRequiredValue(hostName), Reason = parsed.GetValue(reason) ?? "" };
            await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.RenameNodeAsync(request, options), cancel);
        });
        return command;
    }

    private static ExampleCommand Tag()
    {
        var name = NodeName();
        var add = new Argument<string[]>("TAG") { Description = "Tags that it is to have, too.", Arity = ArgumentArity.ZeroOrMore };
        var remove = new Option<string[]>("--remove") { Description = "A tag that it is not to have any more; repeatable.", HelpName = "TAG" };
        var reason = AdminOptions.Reason();
        var json = AdminOptions.Json();
        var command = new ExampleCommand("tag", "Gives a node tags, takes tags from it, and prints those that it has then. They group nodes in `node list --json`, the console and large graphs.",
            "meshover node tag web-1 edge rack-7", "meshover node tag web-1 --remove edge", "meshover node tag web-1 rack-8 --remove rack-7 --reason \"it moved\"") { name, add, remove, reason, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new TagNodeRequest
            {
                Node = parsed.GetRequiredValue(name),
                Add = { parsed.GetValue(add) ?? [] },
                Remove = { parsed.GetValue(remove) ?? [] },
                Reason = parsed.GetValue(reason) ?? "",
            };
            var answer = await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.TagNodeAsync(request, options), cancel);
            if (parsed.GetValue(json))
                AdminJson.Write([.. answer.Tags], AdminJson.Default.StringArray);
            else
                await Console.Out.WriteLineAsync(Terminal.Safe(string.Join(" ", answer.Tags)));
        });
        return command;
    }

    private static ExampleCommand Remove()
    {
        var name = NodeName();
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("remove", "Takes a node out of the mesh at once; its identity is refused until allowed again, its numbers held back.",
            "meshover node remove web-1", "meshover node remove web-1 --reason \"stolen\"") { name, reason };
        command.SetAction((parsed, cancel) =>
        {
            var request = new RemoveNodeRequest { Node = parsed.GetRequiredValue(name), Reason = parsed.GetValue(reason) ?? "" };
            return AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.RemoveNodeAsync(request, options), cancel);
        });
        return command;
    }

    private static ExampleCommand Allow()
    {
        var name = NodeName();
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("allow", "Lets a removed node join again.", "meshover node allow web-1") { name, reason };
        command.SetAction((parsed, cancel) =>
        {
            var request = new AllowNodeRequest { Node = parsed.GetRequiredValue(name), Reason = parsed.GetValue(reason) ?? "" };
            return AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.AllowNodeAsync(request, options), cancel);
        });
        return command;
    }

    private static Argument<string> NodeName() => new("NODE") { Description = "Hostname or node id." };

    private static async Task<NodeDocument[]> FetchAsync(ParseResult parsed, bool withRemoved, CancellationToken cancel)
    {
        var request = new ListNodesRequest { IncludeRemoved = withRemoved };
        var answer = await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.ListNodesAsync(request, options), cancel);
        return [.. answer.Nodes.Select(NodeDocument.Of)];
    }

    private static bool IsNamed(NodeDocument node, string name) =>
        string.Equals(node.Hostname, name, StringComparison.OrdinalIgnoreCase) || node.Id.ToString(CultureInfo.InvariantCulture) == name;

    private static string[] Cells(NodeDocument node) =>
    [
        node.Id.ToString(CultureInfo.InvariantCulture), node.Hostname, node.Draining ? $"{node.State}, draining" : node.State, HealthOf(node), node.Address4, node.Address6,
        node.FurtherAddresses.Length > 0 ? node.FurtherAddresses.Length.ToString(CultureInfo.InvariantCulture) : "", node.Asn.ToString(CultureInfo.InvariantCulture), node.Transit ? "yes" : "no", node.Site, node.Version,
    ];

    private static string HealthOf(NodeDocument node) => node.LastKnown is { } known && known != node.Health ? $"{node.Health} (was {known})" : node.Health;

    private static IEnumerable<(string Name, string Value)> Fields(NodeDocument node)
    {
        yield return ("hostname", node.Hostname);
        yield return ("node", node.Id.ToString(CultureInfo.InvariantCulture));
        yield return ("state", node.Draining ? $"{node.State}, draining" : node.State);
        yield return ("health", $"{HealthOf(node)}{(node.HealthSince is { } since ? $" since {since.ToString("u", CultureInfo.InvariantCulture)}" : "")}");
        yield return ("last seen", node.LastSeen?.ToString("u", CultureInfo.InvariantCulture) ?? "never, as far as the controller knows");
        yield return ("version", node.Version);
        yield return ("IPv4", node.Address4);
        yield return ("IPv6", node.Address6);
        yield return ("further addresses", string.Join("\n", node.FurtherAddresses.Select(one => one.Note is { } note ? $"{one.Address} ({note})" : one.Address)));
        yield return ("tunnel address", node.TunnelAddress);
        yield return ("AS", node.Asn.ToString(CultureInfo.InvariantCulture));
        yield return ("transit", node.Transit ? "yes" : "no");
        yield return ("site", node.Site);
        yield return ("tags", string.Join(" ", node.Tags));
        yield return ("endpoints", string.Join("\n", node.Endpoints.Select(endpoint => $"{endpoint.Address} ({endpoint.From})")));
        yield return ("granted", string.Join(" ", node.Grants));
        yield return ("announced", string.Join(" ", node.Announced));
        yield return ("not granted", string.Join(" ", node.AnnouncedNotGranted));
        yield return ("notices", string.Join("\n", node.Notices));
    }
}
