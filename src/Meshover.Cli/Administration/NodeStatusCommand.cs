using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Status;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover node status</c></summary>
internal static class NodeStatusCommand
{
    public static ExampleCommand Create(Argument<string> name)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON (docs/status.schema.json)." };
        var command = new ExampleCommand("status",
            "Shows what `meshover status` shows on a node; it is asked for it, over its connection with the controller. Exit code: 0 all is well there, 3 something is not.",
            "meshover node status web-1", "meshover node status web-1 --json | jq '.peers[] | select(.path != \"direct\") | .hostname'") { name, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var status = AgentStatusReader.Read(await FetchAsync(parsed.GetRequiredValue(AdminOptions.Socket), parsed.GetRequiredValue(name), cancel));
            StatusCommand.Print(status, parsed.GetValue(json), clear: false);
            return StatusCommand.ToExitCode(status.State);
        });
        return command;
    }

    /// <summary>With its peers, which come by pages.</summary>
    internal static async Task<AgentStatus> FetchAsync(string socket, string node, CancellationToken cancel)
    {
        var status = (await AskAsync(socket, node, new NodeQuestion { Status = new StatusQuestion() }, cancel)).Status;
        PeersAnswer page;
        uint above = 0;
        do
        {
            page = (await AskAsync(socket, node, new NodeQuestion { Peers = new PeersQuestion { Above = above } }, cancel)).Peers;
            status.Peers.Add(page.Peers);
            var last = page.Peers.LastOrDefault()?.NodeId ?? 0;
            if (page.More && last <= above)
                throw new CliException($"The answer of {node} makes no sense: its pages do not go on after peer {above}.");
            above = last;
        }
        while (page.More);
        return status;
    }

    internal static async Task<NodeAnswer> AskAsync(string socket, string node, NodeQuestion question, CancellationToken cancel)
    {
        var request = new AskNodeRequest { Node = node, Question = question };
        return (await AdminCalls.CallAsync(socket, (api, options) => api.AskNodeAsync(request, options), cancel)).Answer;
    }
}
