using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Linux.Icmp;

namespace Meshover.Cli.Ways;

/// <summary><c>meshover ping</c>: whether and how a node, or an address behind one, is reached.</summary>
internal static class PingCommand
{
    private const int DefaultCount = 4, DefaultUntil = 60, HopLimit = 64, Payload = 56;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var target = new Argument<string>("TARGET") { Description = "A node's hostname, or an address." };
        var count = new Option<int?>("--count", "-c") { Description = "How many echoes [default: 4; with --until 60 at most].", HelpName = "NUMBER" };
        var until = new Option<string>("--until") { Description = "Go on until the way is of this kind.", HelpName = "direct" };
        var ipv4 = new Option<bool>("-4") { Description = "A node's IPv4 address [default: its IPv6 address]." };
        var json = new Option<bool>("--json") { Description = "Print a JSON object at the end." };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 100_000)
                result.AddError("--count takes a number from 1 to 100000.");
        });
        until.AcceptOnlyFromAmong("direct");
        var command = new ExampleCommand(
            "ping", "Asks for echoes, and tells how the packets go: directly (to which endpoint) or by a transit node, the round trip, the loss and the path MTU. Exit code: 0 it answers "
            + "(with --until: the way is direct), 3 it does not.",
            "meshover ping web-1", "meshover ping -c 2 10.64.2.2", "meshover ping --until direct web-1", "meshover ping --json web-1 | jq .rtt.average")
        {
            target, count, until, ipv4, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            DaemonHost.RequireRoot("ping", "asks the node's daemons and opens raw sockets, which only root may");
            var paths = parsed.Paths();
            var wish = new Wish(parsed.GetRequiredValue(target), parsed.GetValue(count), parsed.GetValue(until) is not null, parsed.GetValue(ipv4), parsed.GetValue(json));
            return new Run(new StatusCollector(paths, TimeProvider.System), Zone(paths), wish).RunAsync(cancel);
        });
        return command;
    }

    /// <summary>That names end in here.</summary>
    internal static string Zone(NodePaths paths)
    {
        try
        {
            return AgentConfigFile.Load(paths.ConfigFile).DnsZone;
        }
        catch (ConfigurationException)
        {
            return AgentConfig.Default.DnsZone;
        }
    }

    private sealed record Wish(string Target, int? Count, bool UntilDirect, bool IPv4, bool Json)
    {
        public int Most => Count ?? (UntilDirect ? DefaultUntil : DefaultCount);
    }

    private sealed class Run(StatusCollector status, string zone, Wish wish)
    {
        private readonly List<double?> _answers = [];
        private FirstHop _hop = new("unknown", Peer: null, Reason: null, "", 0);
        private string _described = "";

        public async Task<int> RunAsync(CancellationToken cancel)
        {
            var target = Target.Find(wish.Target, await status.CollectAsync(cancel), zone, wish.IPv4);
            using var probe = Target.OpenProbe(target.Address, "ping");
            int? mtu = null;
            try
            {
                await AskAsync(target, probe, cancel);
                mtu = _answers.Exists(answer => answer is not null) && _hop.Mtu > 0 ? await MtuAsync(probe, cancel) : null;
            }
            catch (OperationCanceledException)
            {
                // What came until then is told.
            }
            Tell(target, mtu);
            var isAnswered = _answers.Exists(answer => answer is not null);
            return isAnswered && (!wish.UntilDirect || _hop.Path is "direct" or "here") ? ExitCode.Fine : ExitCode.Degraded;
        }

        private async Task AskAsync(Target target, EchoProbe probe, CancellationToken cancel)
        {
            for (var sent = 0; sent < wish.Most; sent++)
            {
                if (sent > 0)
                    await Task.Delay(Interval, TimeProvider.System, cancel);
                // How it goes may change meanwhile, and is what one waits for with --until.
                if (sent == 0 || wish.UntilDirect)
                    TellHop(target, FirstHop.Of(target, await status.CollectAsync(cancel)));
                var outcome = await probe.AskAsync(HopLimit, probe.Overhead + Payload, Patience, cancel);
                _answers.Add(outcome.Result == EchoResult.Reply ? outcome.Rtt.TotalMilliseconds : null);
                Say(Describe(target, outcome));
                if (wish.UntilDirect && outcome.Result == EchoResult.Reply && _hop.Path is "direct" or "here")
                    return;
            }
        }

        private void TellHop(Target target, FirstHop hop)
        {
            _hop = hop;
            if (hop.Describe() == _described)
                return;
            _described = hop.Describe();
            Say($"{target.Name} ({target.Address}): {_described}");
        }

        private static string Describe(Target target, EchoOutcome outcome) => outcome.Result switch
        {
            EchoResult.Reply => string.Create(CultureInfo.InvariantCulture, $"answer from {target.Name}: {outcome.Rtt.TotalMilliseconds:0.00} ms"),
            EchoResult.NoAnswer => string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience.TotalSeconds:0.#} s"),
            EchoResult.NotSent => $"not sent: {outcome.Reason}",
            EchoResult.TimeExceeded => $"{outcome.From} says: a loop, or too many hops",
            EchoResult.TooBig => "too large for the way",
            _ => $"{outcome.From} says: cannot be reached",
        };

        /// <summary>The largest packet that is answered in one piece: most often that of the link, else by halving.</summary>
        private async Task<int?> MtuAsync(EchoProbe probe, CancellationToken cancel)
        {
            var (passes, fails) = (probe.Overhead + Payload, _hop.Mtu + 1);
            for (var size = _hop.Mtu; fails - passes > 1; size = (passes + fails) / 2)
            {
                if (await PassesAsync(probe, size, cancel))
                    passes = size;
                else
                    fails = size;
            }
            return passes;
        }

        private static async Task<bool> PassesAsync(EchoProbe probe, int size, CancellationToken cancel)
        {
            for (var tries = 0; tries < 2; tries++)
            {
                var outcome = await probe.AskAsync(HopLimit, size, Patience / 2, cancel);
                if (outcome.Result != EchoResult.NoAnswer)
                    return outcome.Result == EchoResult.Reply;
            }
            return false;
        }

        private void Tell(Target target, int? mtu)
        {
            var answered = _answers.OfType<double>().ToList();
            var document = new PingDocument
            {
                Target = target.Name,
                Address = $"{target.Address}",
                Path = _hop.Path,
                Via = _hop.Peer?.Hostname,
                Endpoint = _hop.Peer?.Endpoint,
                PathReason = _hop.Reason,
                Sent = _answers.Count,
                Received = answered.Count,
                LossPercent = _answers.Count == 0 ? 0 : 100.0 * (_answers.Count - answered.Count) / _answers.Count,
                Rtt = answered.Count == 0 ? null : new RttSection(answered.Min(), answered.Average(), answered.Max()),
                PathMtu = mtu,
                Answers = [.. _answers],
            };
            if (wish.Json)
                Console.Out.WriteLine(JsonSerializer.Serialize(document, WayJson.Default.PingDocument));
            var rtt = document.Rtt is { } times ? string.Create(CultureInfo.InvariantCulture, $", {times.Min:0.00}/{times.Average:0.00}/{times.Max:0.00} ms (least, mean, most)") : "";
            Say(string.Create(CultureInfo.InvariantCulture, $"{document.Sent} sent, {document.Received} answered, {document.LossPercent:0} % lost{rtt}{(mtu is { } bytes ? $", path MTU {bytes}" : "")}"));
        }

        private void Say(string line)
        {
            if (!wish.Json)
                Console.Out.WriteLine(Terminal.Safe(line));
        }
    }
}
