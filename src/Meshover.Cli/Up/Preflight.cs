using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Doctor;
using Meshover.Cli.Doctor.Checks;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Up;

/// <summary>Looks whether this machine has what the node needs, before anything is changed.</summary>
internal static class Preflight
{
    private const string TunDevice = "/dev/net/tun";

    // capabilities(7)
    private static readonly ImmutableArray<(int Number, string Name)> Rights = [(12, "NET_ADMIN"), (13, "NET_RAW")];

    /// <summary>FRR's daemons begin as root and go on as frr with some of these; who keeps them gives them files in setgid directories (decision 019), sees which ports are theirs (SYS_PTRACE), and ends them.</summary>
    internal static readonly ImmutableArray<(int Number, string Name)> RightsWithFrr =
        [(0, "CHOWN"), (4, "FSETID"), (5, "KILL"), (6, "SETGID"), (7, "SETUID"), (10, "NET_BIND_SERVICE"), .. Rights, (19, "SYS_PTRACE"), (21, "SYS_ADMIN")];

    /// <param name="config">Of the node to be.</param>
    /// <param name="paths">Of the node.</param>
    /// <param name="stopsSystemFrr">The system's own FRR will be stopped.</param>
    /// <exception cref="CliException">All that is missing, one sentence each.</exception>
    public static async Task CheckAsync(AgentConfig config, NodePaths paths, bool stopsSystemFrr, CancellationToken cancellationToken)
    {
        // Which then has its port.
        var dataplaneRuns = ProcessIdentity.ReadLive(paths.PidFile(DaemonNames.Dataplane)) is not null || KernelDataplaneReader.IsThere();
        ImmutableArray<string> errors =
        [
            .. Errors(config, dataplaneRuns),
            .. config.Routing == RoutingChoice.Frr ? await RoutingErrorsAsync(config, paths.ToRoutingOptions(), stopsSystemFrr, cancellationToken) : [],
        ];
        if (!errors.IsEmpty)
            throw new CliException(string.Join(Environment.NewLine, errors));
    }

    private static IEnumerable<string> Errors(AgentConfig config, bool dataplaneRuns)
    {
        if (WhyNotAllowed(config, Privileges.Held) is { } notAllowed)
            yield return notAllowed;
        if (config.Dataplane != DataplaneChoice.Off && !dataplaneRuns)
        {
            if (WhyNoDataplane(config.Dataplane) is { } noDataplane)
                yield return noDataplane;
            if (WhyNoPort(config.ListenPort) is { } noPort)
                yield return noPort;
        }
        foreach (var taken in NamesTaken())
            yield return $"{taken.Problem} {taken.Mend}";
        if (config.Templates is { } templates && !Directory.Exists(templates))
            yield return $"The template directory {templates} does not exist: create it, or leave --templates out.";
    }

    private static async Task<IEnumerable<string>> RoutingErrorsAsync(AgentConfig config, RoutingOptions frr, bool stopsSystemFrr, CancellationToken cancellationToken) =>
        (await RoutingPreflight.FindProblemsAsync(frr, config.Frr, TimeProvider.System, cancellationToken, besideSystemFrr: stopsSystemFrr)).Select(problem => $"{problem.Text}.");

    /// <summary>A container has of root's rights what it was given.</summary>
    internal static string? WhyNotAllowed(AgentConfig config, ulong held)
    {
        var needed = config.Routing == RoutingChoice.Frr && config.Frr.Kind == FrrBackendKind.Process ? RightsWithFrr : Rights;
        string[] missing = [.. needed.Where(right => (held & (1UL << right.Number)) == 0).Select(right => right.Name)];
        return missing.Length == 0
            ? null
            : $"This process lacks {string.Join(", ", missing.Select(name => $"CAP_{name}"))}, which the node{(needed == RightsWithFrr ? " and FRR's daemons need" : " needs")}: give them to the container "
                + $"({string.Join(' ', missing.Select(name => $"--cap-add {name}"))}; in Kubernetes: securityContext.capabilities.add).";
    }

    private static Finding[] NamesTaken()
    {
        using var netlink = new RouteNetlink();
        return [.. InterfaceNames.Look(netlink.GetLinks())];
    }

    private static string? WhyNoDataplane(DataplaneChoice choice)
    {
        if (choice == DataplaneChoice.Userspace)
            return WhyNoTun();
        if (KernelCapability.WhyNot() is not { } reason)
            return null;
        return choice == DataplaneChoice.Auto ? WhyNoTun() : $"{reason} Leave --dataplane kernel out: the userspace engine does the same.";
    }

    private static string? WhyNoTun()
    {
        try
        {
            using var tun = File.OpenHandle(TunDevice, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The data plane needs {TunDevice}, which cannot be opened ({e.Message.TrimEnd('.')}): load the module (`modprobe tun`), "
                + "give the device to this container (`--device /dev/net/tun`), or leave the data plane out (--dataplane off).";
        }
    }

    internal static string? WhyNoPort(int port)
    {
        foreach (var any in (IPAddress[])[IPAddress.Any, IPAddress.IPv6Any])
        {
            try
            {
                using var socket = new Socket(any.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                if (any.AddressFamily == AddressFamily.InterNetworkV6)
                    socket.DualMode = false;
                socket.Bind(new IPEndPoint(any, port));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return $"UDP port {port} is in use by {PortOwner.Describe(ProtocolType.Udp, port)}: stop it, or choose another port with --listen-port.";
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
            {
                // A machine without this family.
            }
        }
        return null;
    }
}
