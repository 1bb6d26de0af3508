using System.Text.Json;
using Meshover.Kube.Clusters;
using Meshover.Kube.Watching;

namespace Meshover.UnitTests.Kube;

public sealed class PodCidrsTests
{
    [Theory]
    [InlineData("""{"podCIDR":"10.244.1.0/24","podCIDRs":["fd44:0:0:1::/64","10.244.1.0/24"]}""", "10.244.1.0/24 fd44:0:0:1::/64")]
    [InlineData("""{"podCIDR":"10.244.1.0/24"}""", "10.244.1.0/24")]
    [InlineData("""{"podCIDR":"","podCIDRs":null}""", "")]
    [InlineData("""{"providerID":"x","podCIDRs":[null,"10.244.1.0/24","10.244.1.0/24"]}""", "10.244.1.0/24")]
    [InlineData("null", "")]
    public void Node_HasItsPodCidrs_EachOnce(string spec, string expected) => Assert.Equal(expected, Read(NodeResource.Nodes, spec));

    [Theory]
    [InlineData("""{"ipam":{"podCIDRs":["10.0.1.0/24","fd00:1::/120"]}}""", "10.0.1.0/24 fd00:1::/120")]
    [InlineData("""{"ipam":{"podCIDRs":["10.0.1.0/24"],"pools":{"requested":[{"pool":"default","needed":{"ipv4-addrs":16}}]}}}""", "")]
    [InlineData("""{"ipam":{"podCIDRs":["10.0.1.0/24"],"pools":{"requested":[],"allocated":[]}}}""", "10.0.1.0/24")]
    [InlineData("""{"ipam":{"podCIDRs":["10.0.1.0/24"],"pools":{"allocated":[{"pool":"default","cidrs":["10.20.0.0/27","10.20.0.64/27"]},{"pool":"green","cidrs":["10.30.0.0/27"]},{"pool":"empty"},null]}}}""",
        "10.20.0.0/27 10.20.0.64/27 10.30.0.0/27")]
    [InlineData("""{"ipam":{"pool":{"10.1.2.3":{}}},"podCIDR":"10.244.9.0/24"}""", "")]
    [InlineData("{}", "")]
    public void CiliumNode_HasWhatItsIpamModeGave(string spec, string expected) => Assert.Equal(expected, Read(NodeResource.CiliumNodes, spec));

    [Theory]
    [InlineData("10.244.1.0")]
    [InlineData("10.244.1.0/33")]
    [InlineData("pods")]
    [InlineData("fd44:0:0:1::%5/64")]
    public void PodCidr_ThatIsNoPrefix_MakesTheObjectUseless(string text) =>
        Assert.Equal($"\"{text}\", which is no prefix", Assert.Throws<FormatException>(() => Read(NodeResource.Nodes, $$"""{"podCIDRs":["10.244.1.0/24","{{text}}"]}""")).Message);

    private static string Read(NodeResource resource, string spec) =>
        string.Join(' ', PodCidrs.Of(resource, JsonSerializer.Deserialize($$"""{"kind":"{{resource.Kind}}","spec":{{spec}}}""", ClusterJson.Default.ClusterObject)!));
}
