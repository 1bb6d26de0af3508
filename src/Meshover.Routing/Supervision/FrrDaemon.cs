using System.Collections.Immutable;
using System.Globalization;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>How one of FRR's daemons is started: in the foreground, with sockets, pid file and log in a directory of ours.</summary>
internal sealed class FrrDaemon
{
    private readonly Func<FrrConfig, string> _text;
    private readonly Func<FrrFiles, FrrConfig, FrrFeatures, string[]> _ownArguments;

    private FrrDaemon(string name, Func<FrrConfig, string> text, Func<FrrFiles, FrrConfig, FrrFeatures, string[]> ownArguments) =>
        (Name, _text, _ownArguments) = (name, text, ownArguments);

    /// <summary>Takes zebra's configuration and hands it on, from FRR 10 on. It reads no file that it is told.</summary>
    public static FrrDaemon Mgmtd { get; } = new("mgmtd", _ => "", (_, _, _) => []);

    public static FrrDaemon Zebra { get; } = new("zebra", c => c.Zebra,
        // Routes of the zebra before stay for 30 s, until BGP has learned them anew. Not -K 30, in which newer releases see no number.
        // --v6-rr-semantics: an IPv6 route takes the place of the one before, as IPv4's do; else each restart would leave another one beside
        // it, whose next hop nobody watches.
        (files, _, _) => [.. FromFile(files, "zebra"), "--graceful_restart=30", "--v6-rr-semantics"]);

    public static FrrDaemon Bfdd { get; } = new("bfdd", c => c.Bfdd,
        // Else it makes one for the whole machine, /var/run/frr/bfdd.sock.
        (files, _, features) => [.. FromFile(files, "bfdd"), .. features.HasBfdctl ? ["--bfdctl", files.Runtime("bfdd.sock")] : Array.Empty<string>()]);

    public static FrrDaemon Bgpd { get; } = new("bgpd", c => c.Bgpd,
        (files, config, _) => [.. FromFile(files, "bgpd"), "-p", config.BgpPort.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Those that are configured, in the order in which they start; also the order in which changes are applied.</summary>
    public static ImmutableArray<FrrDaemon> All { get; } = [Zebra, Bfdd, Bgpd];

    /// <summary>All that there may be, in the order in which they start.</summary>
    public static ImmutableArray<FrrDaemon> AnyRelease { get; } = [Mgmtd, .. All];

    /// <summary>The one of that name.</summary>
    public static FrrDaemon Named(string name) => AnyRelease.Single(daemon => daemon.Name == name);

    public string Name { get; }

    /// <summary>Those that this release has, in the order in which they start.</summary>
    public static ImmutableArray<FrrDaemon> Of(FrrFeatures features) => features.HasMgmtd ? AnyRelease : All;

    public string Text(FrrConfig config) => _text(config);

    /// <summary>What its file says: nothing but the profile where mgmtd takes the rest.</summary>
    public string FileText(FrrConfig config, FrrFeatures features) => this == Zebra && features.HasMgmtd ? "frr defaults datacenter\n" : Text(config);

    /// <summary>The arguments that tell this process apart from another node's, or the system's.</summary>
    public static string OwnMark(FrrFiles files) => files.Runtime("zserv.api");

    /// <summary>What it was when the whole directory was frr's: such daemons are ours too, and are not left beside new ones.</summary>
    public static string FormerMark(FrrFiles files) => files.Path("zserv.api");

    public string[] Arguments(FrrFiles files, FrrConfig config, FrrFeatures features) =>
    [
        "-u", "frr", "-g", "frr", "--limit-fds", "4096", "--vty_socket", files.RuntimeDirectory, "-z", OwnMark(files), "-i", files.PidFile(this),
        "-A", "127.0.0.1", "-P", "0", "--log", $"file:{files.Log(this)}",
        // Where they and mgmtd find each other; nothing else moves those two sockets.
        .. features.HasMgmtd ? ["-N", files.Mgmtd.Name] : Array.Empty<string>(),
        .. _ownArguments(files, config, features),
    ];

    private static string[] FromFile(FrrFiles files, string name) => ["-f", files.Configuration(name)];
}
