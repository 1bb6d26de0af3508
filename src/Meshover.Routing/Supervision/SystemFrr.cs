using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>What the machine's own FRR (Debian's frr.service) is doing.</summary>
public enum SystemFrrKind
{
    /// <summary>Not installed, or not configured to do anything.</summary>
    Untouched,

    /// <summary>Somebody configured it: it is not ours to stop.</summary>
    Configured,
}

/// <summary>The FRR that Debian's package starts. In the namespace of a node there can be one zebra only.</summary>
/// <param name="Why">What shows that it is configured; empty otherwise.</param>
public sealed record SystemFrr(SystemFrrKind Kind, string Why)
{
    private const string InitScript = "/usr/lib/frr/frrinit.sh";
    private const string Systemctl = "systemctl";
    private const string Unit = "frr.service";

    // Longer than systemd gives the unit itself (its TimeoutSec is two minutes): who is ended before leaves it half stopped.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(150);

    // What Debian's frr.conf, and FRR itself when asked to write one, contain without anybody's wish.
    private static readonly string[] _meaningless = ["!", "#", "log ", "frr ", "hostname ", "service integrated-vtysh-config", "end", "exit", "line vty", "no ipv6 forwarding", "no ip forwarding"];

    private static readonly string[] _filesOfMgmtd = ["mgmtd.conf", "zebra.conf", "staticd.conf", "ripd.conf", "ripngd.conf"];

    /// <summary>sd_booted(3).</summary>
    private static bool HasSystemd => Directory.Exists("/run/systemd/system");

    /// <summary>Looks at its configuration.</summary>
    public static SystemFrr Inspect(string directory = "/etc/frr")
    {
        var why = ConfiguredLine(directory) ?? EnabledDaemon(directory);
        return new SystemFrr(why is null ? SystemFrrKind.Untouched : SystemFrrKind.Configured, why ?? "");
    }

    /// <summary>Whether a zebra that is not ours runs in this network namespace.</summary>
    public static bool IsRunningHere(RoutingOptions options) => FrrProcessScan.Take(new FrrFiles(options)).ForeignZebras.Length > 0;

    /// <summary>Whether the machine's start starts it, too. False where systemd does not run: then nothing of ours starts by itself either.</summary>
    /// <exception cref="RoutingException">systemd could not be asked.</exception>
    public static async Task<bool> StartsAtBootAsync(TimeProvider time, CancellationToken ct) =>
        HasSystemd && (await ToolRunner.RunAsync(Systemctl, ["is-enabled", "--quiet", Unit], _patience, time, ct)).ExitCode == 0;

    /// <summary>Stops it, by systemd where that runs. Only for one that is <see cref="SystemFrrKind.Untouched"/>.</summary>
    /// <param name="alsoAtBoot">It is not to come back with the machine's next start.</param>
    /// <exception cref="RoutingException">It could not be stopped, or is configured.</exception>
    public Task StopAsync(bool alsoAtBoot, TimeProvider time, CancellationToken ct) => Kind == SystemFrrKind.Untouched
        ? ControlAsync("stop", alsoAtBoot ? ["disable", "--now"] : ["stop"], time, ct)
        : throw new RoutingException($"The system's FRR is configured ({Why}) and was left alone: remove that configuration, or stop it yourself");

    /// <summary>Starts it again, as <c>down</c> does after <c>up</c> had stopped it.</summary>
    /// <param name="alsoAtBoot">As it was before.</param>
    /// <exception cref="RoutingException">It could not be started.</exception>
    public static Task StartAsync(bool alsoAtBoot, TimeProvider time, CancellationToken ct) =>
        ControlAsync("start", alsoAtBoot ? ["enable", "--now"] : ["start"], time, ct);

    /// <summary>Why a node cannot run beside this zebra, and what to do.</summary>
    internal string AdviceAgainst(int pid, string commandLine) => Kind == SystemFrrKind.Untouched
        ? $"Another zebra (process {pid}: {commandLine}) runs here, and two delete each other's routes: stop it, or let `meshover up --disable-system-frr` do so (`meshover down` starts it again)"
        : $"Another zebra (process {pid}: {commandLine}) runs here and is configured ({Why}), and two delete each other's routes: stop it (`systemctl disable --now frr`), or leave routing out (--routing off)";

    /// <summary>What a file of this machine's says that every mgmtd reads, from the times when each daemon had one; null where none says anything.</summary>
    internal static string? LineForMgmtd(string directory = "/etc/frr") =>
        _filesOfMgmtd.Select(name => Path.Combine(directory, name)).Where(File.Exists).Select(LineOf).FirstOrDefault(line => line is not null);

    private static string? ConfiguredLine(string directory)
    {
        if (!Directory.Exists(directory)) return null;
        foreach (var file in Directory.EnumerateFiles(directory, "*.conf").Where(f => Path.GetFileName(f) is not ("vtysh.conf" or "support_bundle_commands.conf")))
        {
            if (LineOf(file) is { } line) return line;
        }
        return null;
    }

    private static string? LineOf(string file) =>
        File.ReadLines(file).Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && !_meaningless.Any(l.StartsWith)) is { } line ? $"{file} says '{line}'" : null;

    private static string? EnabledDaemon(string directory)
    {
        var file = Path.Combine(directory, "daemons");
        if (!File.Exists(file)) return null;
        var line = File.ReadLines(file).Select(l => l.Trim()).FirstOrDefault(l => l.EndsWith("d=yes", StringComparison.Ordinal));
        return line is null ? null : $"{file} says '{line}'";
    }

    private static async Task ControlAsync(string verb, string[] systemdVerb, TimeProvider time, CancellationToken ct)
    {
        var result = HasSystemd
            ? await ToolRunner.RunAsync(Systemctl, [.. systemdVerb, Unit], _patience, time, ct)
            : await ToolRunner.RunAsync(InitScript, [verb], _patience, time, ct);
        if (result.ExitCode != 0) throw new RoutingException($"The system's FRR could not be told to {verb}: {result.Output.Trim()}");
    }
}
