using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover node address add|remove|list</c></summary>
internal static class NodeAddressCommands
{
    public static Command Create() => new("address", "Node addresses beside the first of each family: the node has them on its own loopback interface, and announces them.") { Add(), Remove(), List() };

    private static ExampleCommand Add()
    {
        var node = NodeName();
        var address = new Option<string>("--address") { Description = "Out of a pool of node addresses [default: one is chosen].", HelpName = "ADDRESS" };
        var family = new Option<uint>("--family") { Description = "Of an address that is chosen: 4 or 6 [default: 4].", HelpName = "FAMILY" };
        var note = new Option<string>("--note") { Description = "What it is for, a line of at most 100 characters. Of an address that the node has already it replaces the note that there is.", HelpName = "TEXT" };
        var reason = AdminOptions.Reason();
        var json = AdminOptions.Json();
        var command = new ExampleCommand("add", "Gives a node a further address, and prints it. One that the node has stays as it is, unless --note says another note.",
            "meshover node address add web-1", "meshover node address add web-1 --family 6 --note \"mail relay\"", "meshover node address add web-1 --address 10.249.0.99")
        {
            node, address, family, note, reason, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new AddAddressRequest
            {
                Node = parsed.GetRequiredValue(node),
                Address = parsed.GetValue(address) ?? "",
                Family = parsed.GetValue(family),
                Reason = parsed.GetValue(reason) ?? "",
            };
            if (parsed.GetValue(note) is { } said)
                request.Note = said;
            var answer = await CallAsync(parsed, (api, options) => api.AddAddressAsync(request, options), cancel);
            if (WordsOf(answer) is { } words)
                await Console.Error.WriteLineAsync(Terminal.Safe(words));
            if (parsed.GetValue(json))
                AdminJson.Write(NodeAddressDocument.Of(request.Node, answer.Address), AdminJson.Default.NodeAddressDocument);
            else
                await Console.Out.WriteLineAsync(Terminal.Safe(answer.Address.Address));
        });
        return command;
    }

    /// <summary>What became of an address that the node had before; null: it is new.</summary>
    internal static string? WordsOf(AddAddressResponse answer) => answer switch
    {
        { Existing: false } => null,
        _ when answer.FormerNote == answer.Address.Note => $"The node has {answer.Address.Address} already{(answer.Address.Note.Length > 0 ? $", with the note \"{answer.Address.Note}\"" : "")}: nothing was changed.",
        _ => $"The node has {answer.Address.Address} already: its note is \"{answer.Address.Note}\" now, and was \"{answer.FormerNote}\".",
    };

    private static ExampleCommand Remove()
    {
        var node = NodeName();
        var address = new Argument<string>("ADDRESS") { Description = "As `meshover node address list` shows it." };
        var reason = AdminOptions.Reason();
        var command = new ExampleCommand("remove",
            "Takes a further address from a node. The others refuse it at once, by whomever it comes; nobody else gets it for a while, and not before the node was heard again.",
            "meshover node address remove web-1 10.249.0.99 --reason \"the relay moved\"") { node, address, reason };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new RemoveAddressRequest
            {
                Node = parsed.GetRequiredValue(node),
                Address = parsed.GetRequiredValue(address),
                Reason = parsed.GetValue(reason) ?? "",
            };
            await CallAsync(parsed, (api, options) => api.RemoveAddressAsync(request, options), cancel);
        });
        return command;
    }

    private static ExampleCommand List()
    {
        var json = AdminOptions.Json();
        var node = NodeName();
        node.Arity = ArgumentArity.ZeroOrOne;
        var command = new ExampleCommand("list", "Shows the further addresses of one node or of all, and those that were taken and rest.",
            "meshover node address list", "meshover node address list web-1 --json") { node, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new ListAddressesRequest { Node = parsed.GetValue(node) ?? "" };
            var answer = await CallAsync(parsed, (api, options) => api.ListAddressesAsync(request, options), cancel);
            NodeAddressDocument[] addresses = [.. answer.Addresses.Select(record => NodeAddressDocument.Of(record.Node, record.Address, record.RestsUntilUnix))];
            if (parsed.GetValue(json))
                AdminJson.Write(addresses, AdminJson.Default.NodeAddressDocumentArray);
            else
                AdminTable.Write(["hostname", "address", "state", "note"], addresses.Select(Cells));
        });
        return command;
    }

    private static string[] Cells(NodeAddressDocument one) =>
        [one.Hostname, one.Address, one.RestsUntil is { } until ? $"rests until {until.ToString("u", CultureInfo.InvariantCulture)}" : "given", one.Note ?? ""];

    /// <exception cref="CliException">As <see cref="AdminCalls"/>, or the controller knows no such thing.</exception>
    private static async Task<T> CallAsync<T>(ParseResult parsed, Func<AdminService.AdminServiceClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancel)
    {
        try
        {
            return await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), call, cancel);
        }
        catch (CliException e) when (e.InnerException is RpcException { StatusCode: StatusCode.Unimplemented })
        {
            throw new CliException("Nothing was done: the controller that runs is of an older release, which knows no further node addresses. Restart it after an upgrade, and try again.", ExitCode.Error, e);
        }
    }

    private static Argument<string> NodeName() => new("NODE") { Description = "Hostname or node id." };
}
