using System.Collections.Immutable;
using Meshover.Cli.Doctor.Checks;

namespace Meshover.Cli.Doctor;

/// <summary>Every check, in the order in which findings are told.</summary>
internal static class AllChecks
{
    public static ImmutableArray<ICheck> List { get; } =
    [
        new InterfaceNames(),
        new StateRoom(),
        new Ports(),
        new OtherZebra(),
        new NftProgram(),
        new FrrRelease(),
        new RoutingTables(),
        new RulePreferences(),
        new PolicyRules(),
        new AddressPools(),
        new Docker(),
        new CiliumHostRouting(),
        new Firewalld(),
        new OwnNftables(),
        new TransitTranslation(),
        new Ipv6(),
        new ReversePath(),
        new ReversePathRules(),
        new RouterAdvertisements(),
        new Sysctls(),
        new UnderlayRouting(),
        new NetworkManagers(),
        new EngineBuilds(),
    ];
}
