using Meshover.Cli.Doctor.Firewall;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Docker sets the policy of FORWARD to DROP, and knows nothing of our links.</summary>
internal sealed class Docker : ICheck
{
    internal const string UserChain = "DOCKER-USER";

    public string Name => "docker";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        var transit = MeshPackets.Of(facts).Where(packet => packet is { Hook: "forward", InputLink: not null, OutputLink: not null }).ToList();
        foreach (var chain in facts.Firewall.Chains.Values.Where(chain => chain.Hook == "forward" && IsDockers(facts.Firewall, chain)))
        {
            if (transit.Exists(packet => DroppedPackets.Sees(chain, packet.Family) && ChainWalk.IsDropped(facts.Firewall, chain, packet)))
                yield return Of(chain.Name.Family == "ip6" ? "ip6tables" : "iptables");
        }
        foreach (var legacy in facts.LegacyDocker.Where(docker => docker is { DropsForwarding: true, HasOurRules: false }))
            yield return Of(legacy.Program);
    }

    /// <summary>The table is that in which Docker keeps its rules.</summary>
    internal static bool IsDockers(Ruleset ruleset, FirewallChain chain) => ruleset.Chains.ContainsKey(chain.Name with { Chain = UserChain });

    private static Finding Of(string program) => new()
    {
        Kind = FindingKinds.DockerForward,
        Severity = Severity.Fault,
        Problem = $"Docker has set the policy of FORWARD to DROP, and no rule in {UserChain} lets the mesh's links pass ({program}).",
        Breaks = "Nothing is forwarded between the mesh and what is behind this machine, nor from one link to another; the machine itself is reached.",
        Mend = $"`meshover up --docker-user true` keeps two rules, tagged \"meshover\", in {UserChain} (`meshover down` takes them out); "
            + $"by hand: `{program} -I {UserChain} -i mo-+ -j ACCEPT` and the same with -o.",
        Fix = new DockerUserFix(program),
    };
}
