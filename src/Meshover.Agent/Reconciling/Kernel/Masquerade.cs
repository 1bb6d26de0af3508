using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>The rules that give packets of chosen sources an address of this node's where they leave the mesh, in the words of <c>nft -j</c>.</summary>
internal static class Masquerade
{
    private const string NotByALink = """{"match":{"op":"!=","left":{"meta":{"key":"oifname"} },"right":"mo-*"} }""";

    /// <summary>One for each family of sources. A packet that leaves by a link keeps its address wherever it goes: another node gathers it.</summary>
    internal static IEnumerable<(string Comment, string Statements)> Rules(MasqueradePlan plan)
    {
        var inside = NftPrefixes.ByFamily(plan.Inside).ToDictionary(family => family.Key);
        return NftPrefixes.ByFamily(plan.Sources).Select(sources => Rule(sources, inside[sources.Key]));
    }

    private static (string Comment, string Statements) Rule(IGrouping<AddressFamily, IPNetwork> sources, IEnumerable<IPNetwork> inside) =>
        ($"masquerade {NftPrefixes.Name(sources.Key)}", $$"""{{NftPrefixes.Match("saddr", "==", sources)}},{{NftPrefixes.Match("daddr", "!=", inside)}},{{NotByALink}},{"masquerade":null}""");
}
