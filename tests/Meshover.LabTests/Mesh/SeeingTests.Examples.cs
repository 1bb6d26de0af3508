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

    /// <summary>What a lab has not: a screen, a way by ssh, workloads with addresses of documentation, ten seconds, a machine that may boot, and a seventh node.</summary>
    private static readonly string[] NotHere = ["wireshark", "meshover token create)", "203.0.113.11", "--for 10s", "reboot", "rename 7 "];

    private static readonly string[] Judges = ["status", "ping", "trace", "route", "why", "check", "node"];

    private const int AtOnce = 4;

    /// <summary>Commands of whose examples none is run that begins with them, and why; unit tests hold that these are understood.</summary>
    private static readonly Dictionary<string, string> Left = new()
    {
        ["up"] = "its examples hold join strings that nobody made, and words for people",
        ["down"] = "the node would be gone for whatever runs beside this",
        ["leave"] = "the node would be no member any more, and joins by a new join string alone",
        ["prepare-image"] = "as `leave`",
        ["node remove"] = "as `leave`",
        ["node allow"] = "it needs a node that was removed",
        ["run"] = "it keeps all daemons, which run already",
        ["agent"] = "a daemon that runs already, and never ends",
        ["dataplane"] = "as `agent`",
        ["routing"] = "as `agent`",
        ["dns"] = "as `agent`",
    };

    /// <summary>Commands that change something, in an order in which the later ones take back what the earlier ones did, as far as they can.</summary>
    private static readonly string[] Changing = ["announce", "withdraw", "drain", "undrain", "grant add", "grant remove", "token revoke", "node address add", "node address remove", "node rename", "rotate-key"];

    /// <summary>Where commands run; those of administration on the controller's machine.</summary>
    private static readonly string[] OnTheNode =
        ["status", "ping", "trace", "route", "events", "capture", "debug", "announcements", "announce", "withdraw", "drain", "undrain", "rotate-key", "vtysh", "frr", "doctor", "dataplane", "routing", "dns"];

    [Fact]
    public async Task Examples_OfTheHelp_RunAsPrinted()
    {
        await _mesh.SettledAsync(_ct);
        await RenamedAsync(("n1", "edge-1"), ("n2", "web-1"), ("n3", "db-1"));
        try
        {
            var failed = new ConcurrentQueue<string>();
            var examples = Leaves(FullRoot.Create(), "").SelectMany(one => one.Command.Examples.Select(example => (one.Name, Example: example)))
                .Where(one => !NotHere.Any(one.Example.Contains) && !(Left.ContainsKey(one.Name) && one.Example.Contains($"meshover {one.Name}", StringComparison.Ordinal))).ToLookup(one => Changing.Contains(one.Name));
            await Parallel.ForEachAsync(examples[false], new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _ct }, async (one, _) => await RunAsync(one.Name, one.Example, failed));
            await ChangeAsync([.. examples[true]], failed);
            Assert.True(failed.IsEmpty, string.Join('\n', failed));
        }
        finally
        {
            await RenamedAsync(("edge-1", "n1"), ("web-1", "n2"), ("db-1", "n3"));
        }
    }

    private async Task ChangeAsync((string Name, string Example)[] examples, ConcurrentQueue<string> failed)
    {
        Assert.Equal(Changing.Order(StringComparer.Ordinal), examples.Select(one => one.Name).Distinct().Order(StringComparer.Ordinal));
        (await AdminAsync("grant", "add", "edge-1", "10.9.0.0/24", "--max-length", "32")).Checked();
        (await AdminAsync("grant", "add", "edge-1", "10.64.7.0/24")).Checked();
        await Until.NothingIsMissingAsync("the node knows what it is granted", Patience, async () =>
            (await _mesh.Node(1).MeshoverAsync(["route", "explain", "10.64.7.0/24"], _ct)).Output is var said && said.Contains("this node announces nothing of it", StringComparison.Ordinal) ? null : said, _ct);
        // In the place of one that stands in the help.
        using var token = System.Text.Json.JsonDocument.Parse((await AdminAsync("token", "create", "--json")).Checked());
        try
        {
            foreach (var (name, example) in Changing.SelectMany(name => examples.Where(one => one.Name == name)))
                await RunAsync(name, example.Replace("1f0c5a9e3b7d2468", token.RootElement.GetProperty("id").GetString(), StringComparison.Ordinal), failed);
        }
        finally
        {
            await AdminAsync("node", "rename", "web-01", "web-1");
            foreach (var prefix in (string[])["10.9.0.53/32", "10.64.7.0/24"])
                await _mesh.Node(1).MeshoverAsync(["withdraw", prefix], _ct);
            await _mesh.Node(1).MeshoverAsync(["undrain"], _ct);
            foreach (var (node, prefix) in new[] { ("edge-1", "10.9.0.0/24"), ("edge-1", "10.64.7.0/24"), ("edge-1", "203.0.113.0/24"), ("web-1", "10.64.0.0/16"), ("web-1", "10.9.0.1/32") })
                await AdminAsync("grant", "remove", node, prefix);
        }
    }

    private async Task RunAsync(string command, string example, ConcurrentQueue<string> failed)
    {
        var isOnTheNode = OnTheNode.Contains(command.Split(' ')[0]) && !example.Contains("--mesh", StringComparison.Ordinal);
        var machine = isOnTheNode ? _mesh.Node(1).Machine : _mesh.Controller.Machine;
        var isEndless = Endless.Any(example.Contains);
        // What it writes, it writes here: ~ and zsh's path of functions, too.
        var prepared = $"cd $(mktemp -d) && mkdir -p templates .config/fish/completions && export HOME=$PWD PATH={Path.GetDirectoryName(LabPrograms.Meshover)}:$PATH";
        string[] shell = example.Contains("fpath", StringComparison.Ordinal) ? ["zsh", "-f", "-o", "pipefail", "-c", $"{prepared} && fpath=($PWD) && {example}"] : ["bash", "-o", "pipefail", "-c", $"{prepared} && {example}"];
        var since = TimeProvider.System.GetTimestamp();
        var ran = await machine.RunAsync("timeout", ["--signal=INT", isEndless ? "2" : "90", .. shell], _ct);
        TestContext.Current.TestOutputHelper?.WriteLine($"{TimeProvider.System.GetElapsedTime(since).TotalSeconds:0.0} s: {example}");
        // 3: what was asked for is told, and may be not well just now, or its check has not succeeded often enough yet; 124: it was interrupted.
        var mayNotBeWell = Judges.Contains(command.Split(' ')[0]) || (command == "announce" && example.Contains("--check", StringComparison.Ordinal));
        if (ran.ExitCode != 0 && !(mayNotBeWell && ran.ExitCode == 3) && !(isEndless && ran.ExitCode == 124))
            failed.Enqueue($"{example}: {ran.ExitCode} {ran.Error}{ran.Output[^Math.Min(400, ran.Output.Length)..]}");
    }

    /// <summary>All that have no commands below them, such as "node show".</summary>
    private static IEnumerable<(string Name, ExampleCommand Command)> Leaves(Command command, string name) => command.Subcommands.Count == 0
        ? command is ExampleCommand leaf ? [(name, leaf)] : []
        : command.Subcommands.SelectMany(below => Leaves(below, $"{name} {below.Name}".Trim()));

    private async Task RenamedAsync(params (string From, string To)[] names)
    {
        foreach (var (from, to) in names)
            (await AdminAsync("node", "rename", from, to)).Checked();
        foreach (var (_, to) in names)
        {
            await KnowsAsync(_mesh.Node(1), $"{to}.mesh");
            await Until.NothingIsMissingAsync($"an agent knows {to}", Patience, async () =>
                (await Task.WhenAll(_mesh.Node(1).StatusAsync(_ct), _mesh.Node(2).StatusAsync(_ct))).SelectMany(status => status.Peers).Any(peer => peer.Hostname == to) ? null : "not yet", _ct);
        }
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
