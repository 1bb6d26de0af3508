using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Applies changes one by one, goes on past a failure, and keeps what it did and what failed.</summary>
internal sealed class KernelApplier(
    IRouteNetlink netlink, ISysctls sysctls, SysctlMemory memory, Firewall firewall, KernelNames names, SourceRouteDebt? sourceRoutes = null)
{
    private readonly List<(string Key, string Value)> _refused = [];
    private IReadOnlyList<LinkInfo>? _links;
    private bool _lacksFirewall;

    internal List<string> Done { get; } = [];

    /// <summary>The same, to be compared.</summary>
    internal List<KernelChange> Made { get; } = [];

    internal List<string> Errors { get; } = [];

    /// <summary>Those of the errors that have a code of their own.</summary>
    internal List<Finding> Findings { get; } = [];

    internal void Fail(Finding finding)
    {
        Errors.Add(finding.Text);
        Findings.Add(finding);
    }

    /// <summary>What could not be done, by what it is where that is known.</summary>
    internal void Fail(Exception error)
    {
        if (error is NftException { IsNotInstalled: true })
            Fail(new Finding(FindingKinds.NftablesMissing, "", error.Message));
        else
            Errors.Add(error.Message);
    }

    internal async Task ApplyAsync(IEnumerable<KernelChange> changes, CancellationToken cancellationToken)
    {
        foreach (var change in changes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_lacksFirewall && RestsOnFirewall(change))
                continue;
            try
            {
                await ApplyAsync(change, cancellationToken).ConfigureAwait(false);
                Made.Add(change);
                Done.Add(change.ToString()!);
            }
            catch (NetlinkException error) when (IsAlreadySo(change, error))
            {
                // Somebody, or the kernel itself, was quicker.
            }
            catch (SysctlException error) when (error.IsReadOnly && change is WriteSysctl sysctl)
            {
                if (!sysctl.IsMootWhileForwarding)
                    _refused.Add((sysctl.Key, sysctl.Value));
            }
            catch (Exception error) when (error is NetlinkException or SysctlException or NftException or IOException or UnauthorizedAccessException)
            {
                Fail(error);
                _lacksFirewall |= change is SetFirewall;
            }
        }

        if (_refused.Count > 0)
            Fail(new Finding(FindingKinds.SysctlReadOnly, "", ReadOnlySysctls.Advice(_refused)));
    }

    /// <summary>Without the mark that the firewall sets, packets that came by a link would be led like a workload's: then gathering stays as it is.</summary>
    private static bool RestsOnFirewall(KernelChange change) => change switch
    {
        AddRule { Rule: var rule } => GatherRules.IsOurs(rule),
        RemoveRule { Rule: var rule } => GatherRules.IsOurs(rule),
        _ => false,
    };

    private static bool IsAlreadySo(KernelChange change, NetlinkException error) => change switch
    {
        AddRoute or AddRule => error.IsAlreadyThere,
        RemoveRoute or RemoveRule or RemoveAddress or RemoveLink => error.IsNotFound,
        _ => false,
    };

    private async Task ApplyAsync(KernelChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case SetFirewall set:
                await firewall.SetAsync(set.Document, cancellationToken).ConfigureAwait(false);
                break;
            case RemoveFirewall:
                await firewall.RemoveAsync(cancellationToken).ConfigureAwait(false);
                break;
            default:
                Apply(change);
                break;
        }
    }

    private void Apply(KernelChange change)
    {
        switch (change)
        {
            case WriteSysctl sysctl: WriteSysctl(sysctl); break;
            case CreateLoopback loopback: CreateLoopback(loopback.Link); break;
            case ChangeLink link: netlink.SetLink(link.Link, link.Change); break;
            case RemoveLink link: netlink.DeleteLink(link.Link); break;
            case AddAddress address: AddAddress(address); break;
            case RemoveAddress address: netlink.DeleteAddress(address.Address); break;
            case SetRoute route: netlink.ReplaceRoute(route.Route); break;
            case AddRoute route: netlink.AppendRoute(route.Route); break;
            case RemoveRoute route: netlink.DeleteRoute(route.Route); break;
            case AddRule rule: netlink.AddRule(rule.Rule); break;
            case RemoveRule rule: netlink.DeleteRule(rule.Rule); break;
            default: throw new InvalidOperationException($"nobody applies {change.GetType().Name}");
        }
    }

    private void WriteSysctl(WriteSysctl sysctl)
    {
        if (sysctl.IsOwnLink)
        {
            sysctls.Write(sysctl.Key, sysctl.Value);
            return;
        }

        _links ??= netlink.GetLinks();
        memory.Change(sysctl.Key, sysctl.Value, _links.Select(link => link.Name), Beside(sysctl.Key));
    }

    private string[]? Beside(string key) => key switch
    {
        SysctlDiff.Forwarding4 => [.. OtherForwarders.Of(_links!, netlink.GetAddresses(), AddressFamily.InterNetwork, names)],
        SysctlDiff.Forwarding6 => [.. OtherForwarders.Of(_links!, netlink.GetAddresses(), AddressFamily.InterNetworkV6, names)],
        _ => null,
    };

    // The kernel of a small machine may lack dummy; a bridge without ports carries addresses as well.
    private void CreateLoopback(string link)
    {
        try
        {
            netlink.CreateLink(LinkSpec.Dummy(link));
        }
        catch (NetlinkException error) when (error.IsNotSupported)
        {
            netlink.CreateLink(LinkSpec.Bridge(link));
        }

        // See KernelDiff; here, so that its addresses can follow in the same pass.
        netlink.SetLink(link, new LinkChange { AddressGeneration = AddressGenerationMode.None });
        var disabled = SysctlFile.InterfaceKey("ipv6", link, "disable_ipv6");
        if (sysctls.TryRead(disabled) == "1")
            sysctls.Write(disabled, "0");
    }

    private void AddAddress(AddAddress address)
    {
        // Before it stands: whoever ends us in between leaves a debt too many, which costs little, and never one too few.
        if (address.IsNodeAddress)
            sourceRoutes?.Owe();
        netlink.ReplaceAddress(new AddressInfo
        {
            LinkIndex = address.LinkIndex ?? netlink.GetLink(address.Link).Index,
            Address = address.Address,
            PrefixLength = address.PrefixLength,
            Flags = AddressFlags.NoDad,
            Protocol = names.Protocol,
        });
    }
}
