using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Linux.Icmp;

namespace Meshover.Cli.Ways;

/// <summary><c>meshover trace</c>: the hops to a node, or to an address, by the nodes' names.</summary>
internal static class TraceCommand
{
    private const int DefaultHops = 16, MostSilent = 4, Tries = 2, Payload = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var target = new Argument<string>("TARGET") { Description = "A node's hostname, or an address." };
        var most = new Option<int>("--max-hops", "-m") { Description = "How many hops at most.", HelpName = "NUMBER", DefaultValueFactory = _ => DefaultHops };
        var ipv4 = new Option<bool>("-4") { Description = "A node's IPv4 address [default: its IPv6 address]." };
        var json = new Option<bool>("--json") { Description = "Print a JSON object at the end." };
        most.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 255)
                result.AddError("--max-hops takes a number from 1 to 255.");
        });
        var command = new ExampleCommand(
            "trace", "Shows each hop by its node's name, with its round trip and why the packets come by there. Exit code: 0 the target answers, 3 it does not.",
            "meshover trace web-1", "meshover trace -4 web-1", "meshover trace 10.64.2.2", "meshover trace --json web-1 | jq -r '.hops[].node'")
        {
            target, most, ipv4, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("trace", "asks the node's daemons and opens raw sockets, which only root may");
            var status = await new StatusCollector(parsed.Paths(), TimeProvider.System).CollectAsync(cancel);
            var meant = Target.Find(parsed.GetRequiredValue(target), status, PingCommand.Zone(parsed.Paths()), parsed.GetValue(ipv4));
            return await new Run(meant, status, FirstHop.Of(meant, status), parsed.GetValue(json)).RunAsync(parsed.GetValue(most), cancel);
        });
        return command;
    }

    private sealed class Run(Target target, StatusDocument status, FirstHop first, bool json)
    {
        private readonly List<HopSection> _hops = [];

        public async Task<int> RunAsync(int most, CancellationToken cancel)
        {
            using var probe = Target.OpenProbe(target.Address, "trace");
            Say($"{target.Name} ({target.Address}): {first.Describe()}");
            var isReached = false;
            try
            {
                isReached = await AskAsync(probe, most, cancel);
            }
            catch (OperationCanceledException)
            {
                // What came until then is told.
            }
            if (json)
            {
                var document = new TraceDocument { Target = target.Name, Address = $"{target.Address}", Reached = isReached, Hops = [.. _hops] };
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(document, WayJson.Default.TraceDocument));
            }
            if (!isReached)
                Say(_hops.FindLast(hop => hop.Address is not null) is { } last ? $"It ends after {last.Node ?? last.Address}." : "Nothing answers on the way.");
            return isReached ? ExitCode.Fine : ExitCode.Degraded;
        }

        private async Task<bool> AskAsync(EchoProbe probe, int most, CancellationToken cancel)
        {
            for (int hop = 1, silent = 0; hop <= most && silent < MostSilent; hop++)
            {
                var outcome = await HopAsync(probe, hop, cancel);
                var section = Section(hop, outcome);
                _hops.Add(section);
                Say(string.Create(CultureInfo.InvariantCulture, $"{hop,3}  {Named(section)}{(section.RttMs is { } rtt ? $"  {rtt:0.00} ms" : "")}  {section.Reason}"));
                if (outcome.Result is EchoResult.Reply or EchoResult.Unreachable or EchoResult.NotSent)
                    return outcome.Result == EchoResult.Reply;
                silent = outcome.From is null ? silent + 1 : 0;
            }
            return false;
        }

        private static async Task<EchoOutcome> HopAsync(EchoProbe probe, int hop, CancellationToken cancel)
        {
            var outcome = new EchoOutcome(EchoResult.NoAnswer);
            for (var tries = 0; tries < Tries && outcome.Result == EchoResult.NoAnswer; tries++)
                outcome = await probe.AskAsync(hop, probe.Overhead + Payload, Patience, cancel);
            return outcome;
        }

        private HopSection Section(int hop, EchoOutcome outcome)
        {
            var node = outcome.From is { } from ? Target.NameOf(from, status) : null;
            return new HopSection
            {
                Hop = hop,
                Node = node,
                Address = outcome.From is { } address ? $"{WithoutScope(address)}" : null,
                RttMs = outcome.From is null ? null : outcome.Rtt.TotalMilliseconds,
                Reason = Reason(hop, node, outcome),
            };
        }

        private string Reason(int hop, string? node, EchoOutcome outcome)
        {
            var before = _hops.FindLast(one => one.Node is not null)?.Node;
            return outcome.Result switch
            {
                EchoResult.NoAnswer => "no answer",
                EchoResult.NotSent => $"not sent: {outcome.Reason}",
                EchoResult.Unreachable => "it says that the target cannot be reached",
                _ when first.Path == "here" => "this node itself",
                _ when hop == 1 && node is not null => node == target.Name ? first.Describe() : $"this node's way to {target.Name}, by {LinkTo(node)}{(first.Path == "transit" ? $": {first.Reason}" : "")}",
                _ when node == target.Name => $"the destination, passed on by {before ?? "the hop before"}",
                _ when node is not null => $"passed on by {before ?? "the hop before"}",
                _ when before is not null => $"behind {before}",
                _ => "outside the mesh",
            };
        }

        // Of equal ways the packet's flow may have taken another than the first.
        private string LinkTo(string node) => status.Peers.FirstOrDefault(peer => peer.Hostname == node)?.Link ?? first.Link;

        private static string Named(HopSection hop) => hop switch
        {
            { Address: null } => "*",
            { Node: { } node } => $"{node} ({hop.Address})",
            _ => hop.Address,
        };

        private static IPAddress WithoutScope(IPAddress address) => address.ScopeIdOrZero() == 0 ? address : new IPAddress(address.GetAddressBytes());

        private void Say(string line)
        {
            if (!json)
                Console.Out.WriteLine(Terminal.Safe(line));
        }
    }

    private static long ScopeIdOrZero(this IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
