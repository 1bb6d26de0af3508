using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>Our table in the firewall, as text.</summary>
public sealed class FirewallDocumentTests
{
    private static readonly SystemPlan Plan = KernelPlans.OneLink("[2001:db8::2]:12912").ForSystem;

    [Fact]
    public void Control_IsWhatFrrsUserSendsByWireGuard_InBothFamilies()
    {
        var document = FirewallDocument.Of(Plan with { Kernel = Plan.Kernel with { FrrUser = 105 } })!;

        Assert.Contains("control by ipv4: cs6", document.Comments);
        Assert.Contains("control by ipv6: cs6", document.Comments);
        Assert.Equal(3, document.Json.Split("""{"match":{"op":"==","left":{"meta":{"key":"skuid"} },"right":105 } }""").Length);
        Assert.Equal(3, document.Json.Split($$"""{"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"} },{{Plan.Kernel.FirewallMask}}]},"right":{{Plan.WireGuard.FirewallMark}} } }""").Length);
    }

    [Fact]
    public void Control_NobodyRunsFrr_IsNothing() => Assert.DoesNotContain("cs6", FirewallDocument.Of(Plan)!.Json, StringComparison.Ordinal);

    [Fact]
    public void Masquerade_IsForSourcesOfEachFamily_ThatLeaveTheMesh()
    {
        var plan = new MasqueradePlan { Sources = [Of("10.224.0.0/16"), Of("fd24::/48")], Inside = [Of("10.224.0.0/16"), Of("10.249.0.0/16"), Of("fd24::/48")] };
        var document = FirewallDocument.Of(Plan with { Kernel = Plan.Kernel with { Masquerade = plan } })!;

        Assert.Contains("masquerade IPv4", document.Comments);
        Assert.Contains("masquerade IPv6", document.Comments);
        Assert.Equal(document.Comments.Length - 1, document.Lesser!.Comments.Length); // that keeps it
        Assert.Contains("""{"payload":{"protocol":"ip","field":"daddr"} },"right":{"set":[{"prefix":{"addr":"10.224.0.0","len":16} },{"prefix":{"addr":"10.249.0.0","len":16} }]}""", document.Json, StringComparison.Ordinal);
    }

    [Fact]
    public void Masquerade_OfNobody_IsNoTranslation() => Assert.DoesNotContain("nat", FirewallDocument.Of(Plan)!.Json, StringComparison.Ordinal);

    private static IPNetwork Of(string prefix) => IPNetwork.Parse(prefix);
}
