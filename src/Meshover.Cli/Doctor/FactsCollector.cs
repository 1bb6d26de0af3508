using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Cli.Doctor.Firewall;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Cli.Up;
using Meshover.Linux.Files;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Processes;
using Meshover.Linux.Sysctl;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Doctor;

/// <summary>Looks at the machine. Changes nothing, not even by loading a module of the kernel.</summary>
internal sealed class FactsCollector(NodePaths paths)
{
    /// <summary>Lists the tables of the old iptables, where it is in use.</summary>
    private const string LegacyTables = "/proc/net/ip_tables_names";

    /// <exception cref="NetlinkException">The kernel refused a dump.</exception>
    /// <exception cref="ConfigurationException">agent.yaml cannot be used.</exception>
    public async Task<MachineFacts> CollectAsync(CancellationToken cancellationToken)
    {
        using var netlink = new RouteNetlink();
        var config = AgentConfigFile.Load(paths.ConfigFile);
        var node = new NodeFactsReader(paths).Read(config);
        var (firewall, nftMissing) = await ReadFirewallAsync(cancellationToken);
        return new MachineFacts
        {
            Node = node,
            Links = netlink.GetLinks(),
            Addresses = netlink.GetAddresses(),
            Routes = netlink.GetRoutes(new RouteFilter { ExceptProtocols = [RouteProtocols.Bgp] }),
            Rules = netlink.GetRules(),
            Firewall = firewall,
            NftMissing = nftMissing,
            StateRoom = DirectoryRoom.Of(paths.StateDirectory),
            OtherZebra = config.Routing == RoutingChoice.Frr ? RoutingPreflight.FindOtherZebra(paths.ToRoutingOptions()) : null,
            LegacyDocker = await ReadLegacyDockerAsync(firewall, cancellationToken),
            CiliumRoutesByBpf = CiliumState.RoutesByBpf(CiliumState.UsualDirectory),
            PortsInUse = [.. UdpPort(node), .. RoutingPorts(node, config)],
            FrrDoubt = config.Routing == RoutingChoice.Frr && config.FrrBackend == FrrBackendKind.Process ? await FrrDoubtAsync(cancellationToken) : null,
            ReversePathFilterAll = int.Parse(SysctlFile.TryRead("net.ipv4.conf.all.rp_filter") ?? "0", CultureInfo.InvariantCulture),
            ForwardsIpv4 = SysctlFile.TryRead("net.ipv4.conf.all.forwarding") != "0",
            AreSysctlsReadOnly = SysctlFile.IsReadOnly(),
            ForwardsIpv6 = SysctlFile.TryRead("net.ipv6.conf.all.forwarding") == "1",
            DisablesIpv6 = SysctlFile.TryRead("net.ipv6.conf.all.disable_ipv6") is { } disabled ? disabled == "1" : null,
            SnippetsMissing = MissingSnippets(),
            EngineBuild = await ReadEngineBuildAsync(cancellationToken),
        };
    }

    private async Task<BuildInfo?> ReadEngineBuildAsync(CancellationToken cancellationToken)
    {
        if (ProcessIdentity.ReadLive(paths.PidFile(DaemonNames.Dataplane)) is null)
            return null;
        try
        {
            return (await new DataplaneClient(paths.DataplaneSocket).GetStatusAsync(cancellationToken)).Build;
        }
        catch (DataplaneException)
        {
            return null; // that it does not answer, `status` says
        }
    }

    // Without nft, or without nftables in the kernel, nobody has set up anything by it.
    private static async Task<(Ruleset Ruleset, string? Missing)> ReadFirewallAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (Ruleset.Parse(await new Nft().ListRulesetAsync(cancellationToken)), null);
        }
        catch (NftException e)
        {
            return (Ruleset.Empty, e.IsNotInstalled ? e.Message : null);
        }
    }

    private static async Task<ImmutableArray<LegacyDocker>> ReadLegacyDockerAsync(Ruleset firewall, CancellationToken cancellationToken)
    {
        if (firewall.Chains.Keys.Any(name => name.Chain == DockerUser.Chain) || !UsesLegacyFilter())
            return [];
        var listing = await new Iptables("iptables").ListAsync(chain: null, cancellationToken);
        return listing.Contains($"-N {DockerUser.Chain}") ? [new LegacyDocker("iptables", listing.Contains("-P FORWARD DROP"), DockerUser.Stand(listing))] : [];
    }

    private static bool UsesLegacyFilter()
    {
        try
        {
            return File.ReadLines(LegacyTables).Contains("filter");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private IEnumerable<PortInUse> UdpPort(NodeFacts node)
    {
        var port = node.Settings.ListenPort;
        var isOurs = ProcessIdentity.ReadLive(paths.PidFile(DaemonNames.Dataplane)) is not null || KernelDataplaneReader.IsThere();
        if (node.Settings.Dataplane && !isOurs && Preflight.WhyNoPort(port) is not null)
        {
            yield return new PortInUse($"UDP port {port} is in use by {PortOwner.Describe(ProtocolType.Udp, port)}.", "WireGuard needs it.",
                "Stop that program, or choose another port (`meshover up --listen-port PORT`).");
        }
    }

    private IEnumerable<PortInUse> RoutingPorts(NodeFacts node, AgentConfig config) => config.Routing != RoutingChoice.Frr
        ? []
        : RoutingPreflight.FindTakenPorts(paths.ToRoutingOptions(), node.BgpPort)
            .Select(port => new PortInUse($"{port.Problem}.", $"The mesh's {port.Purpose} needs it.", $"{char.ToUpperInvariant(port.Mend[0])}{port.Mend[1..]}."));

    // Without FRR there is nothing to doubt: `up` says that it is missing.
    private async Task<string?> FrrDoubtAsync(CancellationToken cancellationToken) =>
        (await RoutingPreflight.TryAskAsync(paths.ToRoutingOptions(), TimeProvider.System, cancellationToken))?.Doubt;

    private static ImmutableArray<Snippet> MissingSnippets()
    {
        var missing = Snippet.All.Where(snippet => !File.Exists(snippet.Path)).ToList();
        if (missing.Count == 0)
            return [];
        var running = RunningPrograms();
        return [.. missing.Where(snippet => running.Contains(snippet.Process))];
    }

    private static HashSet<string> RunningPrograms()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                names.Add(File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd('\n'));
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
        return names;
    }
}
