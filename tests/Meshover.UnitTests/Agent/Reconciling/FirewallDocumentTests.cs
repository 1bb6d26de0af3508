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
        Assert.Equal(3, document.Json.Split($$"""{"match":{"op":"==","left":{"meta":{"key":"mark"} },"right":{{Plan.WireGuard.FirewallMark}} } }""").Length);
    }

    [Fact]
    public void Control_NobodyRunsFrr_IsNothing() => Assert.DoesNotContain("cs6", FirewallDocument.Of(Plan)!.Json, StringComparison.Ordinal);
}
