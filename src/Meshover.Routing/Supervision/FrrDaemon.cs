using System.Collections.Immutable;
using System.Globalization;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>How one of FRR's daemons is started: in the foreground, with sockets, pid file and log in a directory of ours.</summary>
internal sealed class FrrDaemon
{
    private readonly Func<FrrConfig, string> _text;
    private readonly Func<FrrFiles, FrrConfig, string[]> _ownArguments;

    private FrrDaemon(string name, Func<FrrConfig, string> text, Func<FrrFiles, FrrConfig, string[]> ownArguments) =>
        (Name, _text, _ownArguments) = (name, text, ownArguments);

    public static FrrDaemon Zebra { get; } = new("zebra", c => c.Zebra,
        // -K 30: routes of the zebra before stay for 30 s, until BGP has learned them anew.
        // --v6-rr-semantics: an IPv6 route takes the place of the one before, as IPv4's do; else each restart would leave another one beside
        // it, whose next hop nobody watches.
        (_, _) => ["-K", "30", "--v6-rr-semantics"]);

    public static FrrDaemon Bfdd { get; } = new("bfdd", c => c.Bfdd,
        // Else it makes one for the whole machine, /var/run/frr/bfdd.sock.
        (files, _) => ["--bfdctl", files.Path("bfdd.sock")]);

    public static FrrDaemon Bgpd { get; } = new("bgpd", c => c.Bgpd,
        (_, config) => ["-p", config.BgpPort.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>In the order in which they start; also the order in which changes are applied.</summary>
    public static ImmutableArray<FrrDaemon> All { get; } = [Zebra, Bfdd, Bgpd];

    public string Name { get; }

    public string Text(FrrConfig config) => _text(config);

    /// <summary>The arguments that tell this process apart from another node's, or the system's.</summary>
    public static string OwnMark(FrrFiles files) => files.Path("zserv.api");

    public string[] Arguments(FrrFiles files, FrrConfig config) =>
    [
        "-u", "frr", "-g", "frr", "--limit-fds", "4096", "--vty_socket", files.Directory, "-z", OwnMark(files), "-i", files.Path($"{Name}.pid"),
        "-f", files.Configuration(this), "-A", "127.0.0.1", "-P", "0", "--log", $"file:{files.Log(this)}", .. _ownArguments(files, config),
    ];
}
