using System.Collections.Immutable;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Events;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;
using Meshover.Mesh.Events;
using Meshover.Names.Zones;

namespace Meshover.Cli.Debugging;

/// <summary>One archive (tar, gzip) of texts, each through <see cref="Redaction"/>. What cannot be had is in it as why.</summary>
internal sealed class Bundle(NodePaths paths, bool anonymise, TimeProvider time)
{
    private const int LongestLog = 1 << 20, MostOutput = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SaidAfter = TimeSpan.FromSeconds(2);

    private static readonly string Own = Environment.ProcessPath ?? "/proc/self/exe";

    /// <summary>What of the machine matters to a mesh. Programs that are not there are left out.</summary>
    private static readonly ImmutableArray<(string Name, string Program, string[] Arguments)> Programs =
    [
        ("kernel/version.txt", "uname", ["-a"]),
        ("kernel/links.txt", "ip", ["-d", "-s", "link"]),
        ("kernel/addresses.txt", "ip", ["address"]),
        ("kernel/rules4.txt", "ip", ["rule"]),
        ("kernel/rules6.txt", "ip", ["-6", "rule"]),
        ("kernel/routes4.txt", "ip", ["route", "show", "table", "all"]),
        ("kernel/routes6.txt", "ip", ["-6", "route", "show", "table", "all"]),
        ("kernel/neighbours.txt", "ip", ["neighbour"]),
        ("kernel/nftables.txt", "nft", ["list", "ruleset"]),
        ("kernel/sockets.txt", "ss", ["-lntup"]),
    ];

    private readonly long _began = time.GetTimestamp();
    private readonly NodeIdentity? _identity = Try(() => new IdentityStore(paths.StateDirectory).Load());
    private readonly AgentConfig? _config = Try(() => AgentConfigFile.Load(paths.ConfigFile));

    public async Task WriteAsync(Stream stream, CancellationToken cancel)
    {
        var status = await StatusAsync(cancel);
        var redaction = new Redaction(Secrets(), [.. Names(status), .. anonymise ? await OutsideNamesAsync(cancel) : []], anonymise);
        await using var zipped = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        await using var tar = new TarWriter(zipped, TarEntryFormat.Pax, leaveOpen: true);
        await foreach (var (name, text) in PartsAsync(status, cancel))
            await AddAsync(tar, name, redaction.Of(text), cancel);
    }

    private async IAsyncEnumerable<(string Name, string Text)> PartsAsync(StatusDocument? status, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        yield return ("about.txt", $"meshover {ProgramVersion.Text}, {time.GetUtcNow():u}, {(anonymise ? "addresses and names replaced" : "addresses and names as they are")}\n");
        if (status is not null)
            yield return ("status.json", JsonSerializer.Serialize(status, StatusJson.Default.StatusDocument));
        yield return ("events.jsonl", Text(() => string.Concat(new EventFile(paths.StateDirectory).Read().Select(change => $"{EventFile.ToLine(change)}\n"))));
        yield return ("agent.yaml", Text(() => File.ReadAllText(paths.ConfigFile)));
        yield return ("doctor.json", await OutputAsync("doctor", Own, ["doctor", "--json", .. paths.ToArguments()], cancel));
        foreach (var words in (string[])["show version", "show running-config", "show bgp summary", "show bfd peers", "show ip route summary", "show ipv6 route summary"])
            yield return ($"frr/{words.Replace(' ', '-')}.txt", await OutputAsync(words, Own, ["vtysh", .. paths.ToArguments(), "-c", words], cancel));
        foreach (var (name, program, arguments) in Programs)
            yield return (name, await OutputAsync(name, program, arguments, cancel));
        foreach (var log in Logs())
            yield return ($"logs/{Path.GetRelativePath(paths.RuntimeDirectory, log).Replace('/', '-')}", Text(() => Tail(log)));
        if (Directory.Exists("/run/systemd/system"))
            yield return ("logs/journal.txt", await OutputAsync("journal", "journalctl", ["--no-pager", "-n", "5000", .. DaemonNames.All.SelectMany(daemon => new[] { "-u", $"meshover-{daemon}" })], cancel));
    }

    private async Task<StatusDocument?> StatusAsync(CancellationToken cancel)
    {
        try
        {
            return await new StatusCollector(paths, time).CollectAsync(cancel);
        }
        catch (AgentException)
        {
            return null; // an identity that cannot be read
        }
    }

    private IEnumerable<string> Logs() =>
        Directory.Exists(paths.RuntimeDirectory) ? Directory.EnumerateFiles(paths.RuntimeDirectory, "*.log*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];

    private async Task<string> OutputAsync(string what, string program, string[] arguments, CancellationToken cancel)
    {
        if (time.GetElapsedTime(_began) > SaidAfter)
            await Console.Error.WriteLineAsync($"meshover: collecting {what} ...");
        try
        {
            var ending = await new ProgramRun(program, arguments) { Patience = Patience, MostOutput = MostOutput }.RunAsync(cancel);
            return ending.Output + (ending.Errors.Length > 0 ? $"\n(errors)\n{ending.Errors}" : "") + (ending.ExitCode == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\n(exit code {ending.ExitCode})\n"));
        }
        catch (ProgramException e)
        {
            return $"({e.Message})\n";
        }
    }

    private static string Text(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"({e.Message})\n";
        }
    }

    private static string Tail(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length > LongestLog)
            stream.Seek(-LongestLog, SeekOrigin.End);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>What this node itself must not tell, wherever it may stand.</summary>
    private string[] Secrets() =>
    [
        .. ((string?[])[_identity?.WireGuardPrivateKey, _identity?.KeyChange?.OtherPrivateKey, _identity?.Credential, _identity?.IdentityKeyPem]).OfType<string>(),
        .. (_config?.Neighbors ?? []).Select(neighbor => neighbor.Password).OfType<string>(),
    ];

    /// <summary>Of all that are known, also those that have left.</summary>
    private IEnumerable<string> Names(StatusDocument? status) =>
    [
        .. (status?.Peers ?? []).Select(peer => peer.Hostname), status?.Node?.Hostname ?? "", Environment.MachineName, Text(() => File.ReadAllText("/proc/sys/kernel/hostname")).Trim(),
        .. NamedMesh.Read(paths.MapFile) is { } mesh ? mesh.Hosts.Select(host => host.HostName).Concat(mesh.Services.Select(service => service.Name)) : [],
        .. Events().SelectMany(change => new[] { change.Node, change.Kind.StartsWith("node.", StringComparison.Ordinal) || change.Kind.StartsWith("session.", StringComparison.Ordinal) ? change.Subject : "" }),
        .. (_identity?.Controllers ?? []).Concat(_config?.Controllers ?? []).Select(controller => controller[..Math.Max(0, controller.LastIndexOf(':'))]).Where(host => host.Any(char.IsAsciiLetter) && !host.Contains(':', StringComparison.Ordinal)),
        _config?.Site ?? "",
    ];

    /// <summary>Of routers outside the mesh: as the settings name them, and as they call themselves by BGP (FRR's capability "hostname"), which FRR shows beside their addresses.</summary>
    private async Task<IEnumerable<string>> OutsideNamesAsync(CancellationToken cancel)
    {
        // Some hundred bytes a neighbour, where `show bgp neighbors` has thousands.
        var shown = await OutputAsync("show bgp summary", Own, ["vtysh", .. paths.ToArguments(), "-c", "show bgp summary json"], cancel);
        if (!shown.Contains('{', StringComparison.Ordinal))
            await Console.Error.WriteLineAsync("meshover: FRR did not say how its neighbours call themselves, so those names may still be in frr/ and logs/: look there before you give the bundle away.");
        return (_config?.Neighbors ?? []).SelectMany(neighbor => new[] { neighbor.Interface, neighbor.UpdateSource }).OfType<string>().Where(IsNoAddress)
            .Concat(BgpNames.In(shown));
    }

    private static bool IsNoAddress(string text) => !System.Net.IPAddress.TryParse(text, out _);

    private List<MeshEvent> Events()
    {
        try
        {
            return [.. new EventFile(paths.StateDirectory).Read()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is AgentException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            return null; // the agent says so, in its log and in the events
        }
    }

    private async Task AddAsync(TarWriter tar, string name, string text, CancellationToken cancel)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var entry = new PaxTarEntry(TarEntryType.RegularFile, $"meshover-debug/{name}") { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite, ModificationTime = time.GetUtcNow() };
        await tar.WriteEntryAsync(entry, cancel);
    }
}
