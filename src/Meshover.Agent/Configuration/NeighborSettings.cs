using System.Collections.Immutable;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Configuration;

/// <summary>Every key of one of <c>neighbors</c>, with the dot of <c>in.</c> and <c>out.</c> for what stands below those.</summary>
public static class NeighborSettings
{
    public static ImmutableArray<NeighborSetting> All { get; } =
    [
        Single("address", "ADDRESS", "Of the router. A link-local one needs `interface`. Default: none, the one router on `interface` (unnumbered).",
            (n, v) => n with { Address = NeighborText.Address(v) }),
        Single("interface", "NAME", "Interface of an unnumbered or link-local neighbour. Default: none.",
            (n, v) => n with { Interface = NeighborText.Interface(v) }),
        Single("remote-as", "ASN", "Its AS number. Needed.",
            (n, v) => n with { RemoteAs = NeighborText.AsNumber(v) }),
        Single("local-as", "ASN", "The AS number that it knows this node by. Default: the node's own in the mesh (`meshover status`).",
            (n, v) => n with { LocalAs = NeighborText.AsNumber(v) }),
        Single("password", "TEXT", "Of TCP's MD5 signatures; at most 80 characters without spaces. Default: none.",
            (n, v) => n with { Password = NeighborText.Password(v) }),
        Single("port", "PORT", "TCP port of the neighbour that is dialled. It dials 12914 here. Default: 179.",
            (n, v) => n with { Port = SettingText.Port(v) }),
        Single("update-source", "ADDRESS|NAME", "Address, or interface, that this node speaks from. Default: as the route goes.",
            (n, v) => n with { UpdateSource = NeighborText.Source(v) }),
        Single("ttl-security-hops", "HOPS", "Refuse packets that come from farther away (GTSM), 1-254. Not with `ebgp-multihop`. Default: not looked at.",
            (n, v) => n with { TtlSecurityHops = NeighborText.Number(v, 1, 254) }),
        Single("ebgp-multihop", "HOPS", "The neighbour is not on a link of this machine, but at most so many hops away, 2-255. Default: it is on a link.",
            (n, v) => n with { EbgpMultihop = NeighborText.Number(v, 2, 255) }),
        Single("bfd", "true|false", "Watch the session with BFD. Default: false.",
            (n, v) => n with { Bfd = NeighborText.Boolean(v) }),
        Single("maximum-prefix", "COUNT", "Accepted prefixes of a family beyond which the session is closed for five minutes; never more than a quarter of what the nodes take from one another (256 in a small mesh, more as grants are wider). Default: 1000.",
            (n, v) => n with { MaximumPrefix = NeighborText.Number(v, 1, int.MaxValue) }),
        List("in.prefixes", "CIDR [ge N] [le N]", "Take these alone, of what is granted to this node. Default: all that is granted.",
            (n, v) => n with { In = n.In with { Prefixes = SettingText.Each(v, NeighborText.Range) } }),
        Single("in.as-path", "REGEX", "Take routes whose AS path matches this alone, in FRR's words (`_` is a separator or an end). Default: any.",
            (n, v) => n with { In = n.In with { AsPath = NeighborText.AsPath(v) } }),
        List("in.communities", "N:N", "Take routes that have one of these communities alone. Default: any.",
            (n, v) => n with { In = n.In with { Communities = SettingText.Each(v, NeighborText.Community) } }),
        Single("in.default-route", "true|false", "Take a default route, where one is granted to this node. Default: false.",
            (n, v) => n with { In = n.In with { DefaultRoute = NeighborText.Boolean(v) } }),
        List("out.prefixes", "CIDR [ge N] [le N]", "Which of the mesh's prefixes it is told. Default: none.",
            (n, v) => n with { Out = n.Out with { Prefixes = SettingText.Each(v, NeighborText.Range) } }),
        Single("out.as-path", "REGEX", "Of those the ones whose AS path in the mesh matches this. Default: any.",
            (n, v) => n with { Out = n.Out with { AsPath = NeighborText.AsPath(v) } }),
        List("out.communities", "N:N", "Communities that are added. Default: none.",
            (n, v) => n with { Out = n.Out with { Communities = SettingText.Each(v, NeighborText.Community) } }),
        Single("out.default-route", "true|false", "Tell it a default route by way of this node, always. Default: false.",
            (n, v) => n with { Out = n.Out with { DefaultRoute = NeighborText.Boolean(v) } }),
    ];

    internal static NeighborSetting? Find(string name) => All.FirstOrDefault(s => s.Name == name);

    private static NeighborSetting Single(string name, string valueName, string help, Func<ExternalNeighbor, string, ExternalNeighbor> apply) =>
        new(name, valueName, help, IsList: false, (neighbor, values) => apply(neighbor, values[0]));

    private static NeighborSetting List(
        string name, string valueName, string help, Func<ExternalNeighbor, ImmutableArray<string>, ExternalNeighbor> apply) =>
        new(name, valueName, help, IsList: true, apply);
}

/// <summary>One key of a neighbour.</summary>
/// <param name="Name">Such as <c>remote-as</c> or <c>in.prefixes</c>.</param>
/// <param name="ValueName">What stands for the value in help texts.</param>
/// <param name="Help">Effect, unit and default.</param>
/// <param name="Apply">Puts the values into the neighbour, or throws <see cref="FormatException"/> saying what to write instead.</param>
public sealed record NeighborSetting(
    string Name, string ValueName, string Help, bool IsList, Func<ExternalNeighbor, ImmutableArray<string>, ExternalNeighbor> Apply);
