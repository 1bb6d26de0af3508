using System.Collections.Concurrent;
using System.CommandLine;
using System.Text.RegularExpressions;
using Meshover.Cli.CommandLine;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>What `--help` and the guides print is run as it is printed, on a mesh whose nodes have the names that stand there.</summary>
public sealed partial class SeeingTests
{
    /// <summary>Examples that end by an interruption alone.</summary>
    private static readonly string[] Endless = ["--watch", "--follow"];

    /// <summary>What a lab has not: a screen, a way by ssh, workloads with addresses of documentation, and ten seconds.</summary>
    private static readonly string[] NotHere = ["wireshark", "meshover token create)", "203.0.113.11", "--for 10s"];

    private static readonly string[] Judges = ["status", "ping", "trace", "route", "why", "check", "node"];

    private const int AtOnce = 4;

    /// <summary>Commands with examples that change what the mesh of this class is, or need what is nowhere else; unit tests hold that theirs are understood.</summary>
    private static readonly string[] Left =
    [
        "up", "down", "leave", "prepare-image", "run", "agent", "dataplane", "routing", "dns", "rotate-key", "drain", "undrain", "announce", "withdraw",
        "frr check", "frr diff", "frr render", "node remove", "node allow", "node rename", "token revoke", "grant remove", "grant add", "completion", "vtysh", "doctor",
    ];

    /// <summary>Where commands run; those of administration on the controller's machine.</summary>
    private static readonly string[] OnTheNode = ["status", "ping", "trace", "route", "events", "capture", "debug", "announcements"];

    [Fact]
    public async Task Examples_OfTheHelp_RunAsPrinted()
    {
        await _mesh.SettledAsync(_ct);
        await RenamedAsync("n2", "web-1");
        await RenamedAsync("n3", "db-1");
        try
        {
            var failed = new ConcurrentQueue<string>();
            var examples = Leaves(FullRoot.Create(), "").Where(one => !Left.Contains(one.Name)).SelectMany(one => one.Command.Examples.Select(example => (one.Name, Example: example)));
            await Parallel.ForEachAsync(examples, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _ct }, async (one, _) => await RunAsync(one.Name, one.Example, failed));
            Assert.True(failed.IsEmpty, string.Join('\n', failed));
        }
        finally
        {
            await RenamedAsync("web-1", "n2");
            await RenamedAsync("db-1", "n3");
        }
        await KnowsAsync(_mesh.Node(1), "n2.mesh");
        await KnowsAsync(_mesh.Node(1), "n3.mesh");
    }

    private async Task RunAsync(string command, string example, ConcurrentQueue<string> failed)
    {
        if (NotHere.Any(example.Contains))
            return;
        var isOnTheNode = OnTheNode.Contains(command.Split(' ')[0]) && !example.Contains("--mesh", StringComparison.Ordinal);
        var machine = isOnTheNode ? _mesh.Node(1).Machine : _mesh.Controller.Machine;
        var isEndless = Endless.Any(example.Contains);
        var shell = $"cd $(mktemp -d) && PATH={Path.GetDirectoryName(LabPrograms.Meshover)}:$PATH && {example}";
        var ran = await machine.RunAsync("timeout", ["--signal=INT", isEndless ? "2" : "30", "bash", "-o", "pipefail", "-c", shell], _ct);
        // 3: what was asked for is told, and may be not well just now; 124: it was interrupted.
        var isJudge = Judges.Contains(command.Split(' ')[0]);
        if (ran.ExitCode != 0 && !(isJudge && ran.ExitCode == 3) && !(isEndless && ran.ExitCode == 124))
            failed.Enqueue($"{example}: {ran.ExitCode} {ran.Error}");
    }

    /// <summary>All that have no commands below them, such as "node show".</summary>
    private static IEnumerable<(string Name, ExampleCommand Command)> Leaves(Command command, string name) => command.Subcommands.Count == 0
        ? command is ExampleCommand leaf ? [(name, leaf)] : []
        : command.Subcommands.SelectMany(below => Leaves(below, $"{name} {below.Name}".Trim()));

    private async Task RenamedAsync(string from, string to)
    {
        (await AdminAsync("node", "rename", from, to)).Checked();
        await KnowsAsync(_mesh.Node(1), $"{to}.mesh");
        await Until.NothingIsMissingAsync($"n1's agent knows {to}", Patience, async () => (await _mesh.Node(1).StatusAsync(_ct)).Peers.Any(peer => peer.Hostname == to) ? null : "not yet", _ct);
    }

    /// <summary>The names of the mesh by other resolvers, as docs/guides/names.md sets them up, and by /etc/hosts.</summary>
    [Fact]
    public async Task Recipes_OfTheGuide_ResolveByDnsmasqUnboundAndEtcHosts()
    {
        var node = _mesh.Node(1);
        await KnowsAsync(node, "n2.mesh");
        var (numbers, guide) = (await NumbersAsync(2), await File.ReadAllTextAsync(Path.Combine(Root, "docs/guides/names.md"), _ct));
        await AnswersAsync(node, numbers, 5301, guide, "dnsmasq, in a file", file => ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--port=5301", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=", $"--conf-file={file}"]);
        await AnswersAsync(node, numbers, 5302, guide, "unbound:", file => ["unbound", "-d", "-c", file],
            "\nserver:\n  interface: 127.0.0.1@5302\n  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  directory: \"/run\"\n");

        var hosts = (await node.Machine.RunAsync("bash", ["-c", $"PATH={Path.GetDirectoryName(LabPrograms.Meshover)}:$PATH; {Block(guide, "A copy of what there is now")}"], _ct)).Checked();
        var before = (await node.Machine.RunAsync("cat", ["/etc/hosts"], _ct)).Output;
        (await node.Machine.RunAsync("tee", ["/etc/hosts"], hosts, _ct)).Checked();
        try
        {
            Assert.StartsWith(numbers.Address4, (await node.Machine.RunAsync("getent", ["-s", "hosts:files", "ahostsv4", "n2.mesh"], _ct)).Checked(), StringComparison.Ordinal);
            Assert.StartsWith(numbers.Address6, (await node.Machine.RunAsync("getent", ["-s", "hosts:files", "ahostsv6", "n2.mesh"], _ct)).Checked(), StringComparison.Ordinal);
        }
        finally
        {
            await node.Machine.RunAsync("tee", ["/etc/hosts"], before, _ct);
        }
    }

    private async Task AnswersAsync(LabNode node, NodeNumbers numbers, int port, string guide, string after, Func<string, string[]> command, string more = "")
    {
        var file = $"/run/resolver-{port}.conf";
        (await node.Machine.RunAsync("tee", [file], Block(guide, after) + more, _ct)).Checked();
        var words = command(file);
        using var resolver = System.Diagnostics.Process.Start(node.Machine.Command(words[0], words[1..])) ?? throw new InvalidOperationException($"{words[0]} did not start");
        try
        {
            foreach (var (question, answer) in new (string[], string)[] { (["n2.mesh", "A"], numbers.Address4), (["n2.mesh", "AAAA"], numbers.Address6), (["-x", numbers.Address4], "n2.mesh.") })
            {
                await Until.NothingIsMissingAsync($"{words[0]} answers for {string.Join(' ', question)}", Patience, async () =>
                    (await node.Machine.RunAsync("dig", ["@127.0.0.1", "-p", $"{port}", "+short", "+tries=1", "+time=2", .. question], _ct)).Output.Trim() is var said && said == answer ? null : said, _ct);
            }
        }
        finally
        {
            resolver.Kill(entireProcessTree: true);
            await resolver.WaitForExitAsync(_ct);
            await node.Machine.RunAsync("rm", ["-f", file], _ct);
        }
    }

    /// <summary>The first block of text behind a sentence.</summary>
    private static string Block(string guide, string after)
    {
        var at = guide.IndexOf(after, StringComparison.Ordinal);
        Assert.True(at >= 0, $"The guide has no \"{after}\".");
        return Fenced().Match(guide, at).Groups["text"].Value;
    }

    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../.."));

    [GeneratedRegex("```[a-z]*\n(?<text>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fenced();
}
