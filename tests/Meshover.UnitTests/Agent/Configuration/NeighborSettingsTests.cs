using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Configuration;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Agent.Configuration;

public sealed class NeighborSettingsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"agent-{Guid.NewGuid():n}.yaml");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Load_EveryKeyGiven_ReadsThemAll()
    {
        var neighbor = Assert.Single(Load("""
            neighbors:
              - address: 192.0.2.1
                remote-as: 64512
                local-as: 4242420001
                password: it's-a:secret#1
                port: 12914
                update-source: 192.0.2.2
                ebgp-multihop: 3
                bfd: true
                maximum-prefix: 50
                in:
                  prefixes: [10.20.0.0/16 ge 20 le 24, "fd20::/32 le 48"]
                  as-path: ^64512(_65001)*$
                  communities: 64512:100
                  default-route: true
                out:
                  prefixes:
                    - 10.64.0.0/16 le 24
                    - 10.65.0.0/16
                    - 10.66.0.0/16 ge 17
                  as-path: ^4200000001$
                  communities: [64511:1, 64511:2]
                  default-route: true
            """));

        Assert.Equal(
            new ExternalNeighbor
            {
                Address = IPAddress.Parse("192.0.2.1"),
                RemoteAs = new Asn(64512),
                LocalAs = new Asn(4_242_420_001),
                Password = "it's-a:secret#1",
                Port = 12914,
                UpdateSource = "192.0.2.2",
                EbgpMultihop = 3,
                Bfd = true,
                MaximumPrefix = 50,
                In = new NeighborFilter
                {
                    Prefixes = [new(IPNetwork.Parse("10.20.0.0/16"), 20, 24), new(IPNetwork.Parse("fd20::/32"), 32, 48)],
                    AsPath = "^64512(_65001)*$",
                    Communities = [new(64512, 100)],
                    DefaultRoute = true,
                },
                Out = new NeighborFilter
                {
                    Prefixes = [new(IPNetwork.Parse("10.64.0.0/16"), 16, 24), new(IPNetwork.Parse("10.65.0.0/16"), 16, 16), new(IPNetwork.Parse("10.66.0.0/16"), 17, 32)],
                    AsPath = "^4200000001$",
                    Communities = [new(64511, 1), new(64511, 2)],
                    DefaultRoute = true,
                },
            },
            neighbor);
    }

    [Theory]
    [InlineData("neighbors: [{interface: eth1, remote-as: 64512, ttl-security-hops: 1}]", "eth1")]
    [InlineData("neighbors: {address: 'fe80::1', interface: eth1, remote-as: 64512}", "fe80::1")]
    [InlineData("neighbors: '{address: 2001:db8::1, remote-as: 64512, in: {communities: [64512:1]}}'", "2001:db8::1")]
    public void Load_OtherKindsAndWays_AreReadToo(string yaml, string name)
    {
        var neighbor = Assert.Single(Load(yaml));
        Assert.Equal((name, 64512u), (neighbor.Name, neighbor.RemoteAs.Value));
    }

    [Fact]
    public void Load_Defaults_TakeWhatIsGrantedAndTellNothing()
    {
        var neighbor = Assert.Single(Load("neighbors: [{address: 192.0.2.1, remote-as: 64512}]"));
        Assert.Equal(new ExternalNeighbor { Address = IPAddress.Parse("192.0.2.1"), RemoteAs = new Asn(64512) }, neighbor);
        Assert.Equal((179, 1000, false), (neighbor.Port, neighbor.MaximumPrefix, neighbor.Out.DefaultRoute));
    }

    [Theory]
    [InlineData("remote-as: 64512", ".address: it is missing")]
    [InlineData("address: 192.0.2.1", ".remote-as: it is missing")]
    [InlineData("address: 192.0.2.1, remote-as: 0", ".remote-as: \"0\" is not an AS number")]
    [InlineData("address: 192.0.2.1, remote-as: 23456", ".remote-as: \"23456\" is not an AS number")]
    [InlineData("address: 192.0.2.1, remote-as: 4294967295", ".remote-as: \"4294967295\" is not an AS number")]
    [InlineData("address: 192.0.2.1, remote-as: AS64512", ".remote-as: \"AS64512\" is not an AS number")]
    [InlineData("address: 192.0.2.1, remote-as: 64512, local-as: 64512", ".local-as: it equals remote-as")]
    [InlineData("address: router.example.net, remote-as: 1", ".address: \"router.example.net\" is not the address of a router")]
    [InlineData("address: 224.0.0.5, remote-as: 1", ".address: \"224.0.0.5\" is not the address of a router")]
    [InlineData("address: 0.0.0.0, remote-as: 1", ".address: \"0.0.0.0\" is not the address of a router")]
    [InlineData("address: 'fe80::1%eth1', remote-as: 1", ".address: \"fe80::1%eth1\" is not the address of a router")]
    [InlineData("address: 'fe80::1', remote-as: 1", ".interface: it is missing; write the one on which fe80::1 is")]
    [InlineData("address: 192.0.2.1, interface: eth1, remote-as: 1", ".interface: it is for unnumbered and link-local neighbours")]
    [InlineData("interface: mo-00000001, remote-as: 1", ".interface: \"mo-00000001\" is an interface of the mesh itself")]
    [InlineData("interface: 'a;b', remote-as: 1", ".interface: \"a;b\" has a character")]
    [InlineData("interface: eth1, remote-as: 1, ebgp-multihop: 2", ".ebgp-multihop: an unnumbered or link-local neighbour is on the link")]
    [InlineData("interface: eth1, remote-as: 1, update-source: lo", ".update-source: an unnumbered neighbour")]
    [InlineData("address: 192.0.2.1, remote-as: 1, update-source: '2001:db8::1'", ".update-source: 2001:db8::1 and 192.0.2.1 are of different families")]
    [InlineData("address: 192.0.2.1, remote-as: 1, ebgp-multihop: 1", ".ebgp-multihop: \"1\" is not a number from 2 to 255")]
    [InlineData("address: 192.0.2.1, remote-as: 1, ttl-security-hops: 255", ".ttl-security-hops: \"255\" is not a number from 1 to 254")]
    [InlineData("address: 192.0.2.1, remote-as: 1, ttl-security-hops: 1, ebgp-multihop: 2", ".ttl-security-hops: it does not go together with ebgp-multihop")]
    [InlineData("address: 192.0.2.1, remote-as: 1, maximum-prefix: 0", ".maximum-prefix: \"0\" is not a number")]
    [InlineData("address: 192.0.2.1, remote-as: 1, port: 70000", ".port: \"70000\" is not a port")]
    [InlineData("address: 192.0.2.1, remote-as: 1, bfd: yes", ".bfd: \"yes\" is not one of true, false")]
    [InlineData("address: 192.0.2.1, remote-as: 1, password: 'a b'", ".password: it has more than 80 characters, or one")]
    [InlineData("address: 192.0.2.1, remote-as: 1, remote_as: 2", ".remote_as: there is no such key; did you mean \"remote-as\"?")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {prefix: 10.0.0.0/8}", ".in.prefix: there is no such key; did you mean \"in.prefixes\"?")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: 10.0.0.0/8", ".in: keys are expected below it")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {prefixes: [10.0.0.1/8]}", ".in.prefixes: \"10.0.0.1/8\" has bits set beyond its length")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {prefixes: [10.0.0.0/8 le 7]}", ".in.prefixes: \"10.0.0.0/8 le 7\" is not a range of prefixes")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {prefixes: [10.0.0.0/8 ge 24 le 16]}", ".in.prefixes: \"10.0.0.0/8 ge 24 le 16\" is not a range of prefixes")]
    [InlineData("address: 192.0.2.1, remote-as: 1, out: {prefixes: [10.0.0.0/8 le 33]}", ".out.prefixes: \"10.0.0.0/8 le 33\" is not a range of prefixes")]
    [InlineData("address: 192.0.2.1, remote-as: 1, out: {prefixes: [10.0.0.0/8 upto 24]}", ".out.prefixes: \"10.0.0.0/8 upto 24\" is not a range of prefixes")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {as-path: '^(64512'}", ".in.as-path: \"^(64512\" is not a regular expression over AS paths")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {as-path: '*64512'}", ".in.as-path: \"*64512\" is not a regular expression over AS paths")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {as-path: '64512 65001'}", ".in.as-path: \"64512 65001\" is not a regular expression over AS paths")]
    [InlineData("address: 192.0.2.1, remote-as: 1, in: {communities: [64512]}", ".in.communities: \"64512\" is not a community")]
    [InlineData("address: 192.0.2.1, remote-as: 1, out: {communities: [64512:70000]}", ".out.communities: \"64512:70000\" is not a community")]
    [InlineData("address: [192.0.2.1, 192.0.2.2], remote-as: 1", ".address: it takes one value, nothing nested")]
    [InlineData("address: {a: b}, remote-as: 1", ".address: it takes one value, nothing nested")]
    public void Load_BadValue_IsRefusedWithTheKeysPathAndWhatToWrite(string keys, string expected)
    {
        var error = Assert.Single(Errors($"neighbors: [{{address: 192.0.2.9, remote-as: 9}}, {{{keys}}}]"));
        Assert.StartsWith($"{_path}:1:1: neighbors[1]{expected}", error, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Replace('?', '.'), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("neighbors: 192.0.2.1", "neighbors[0]: keys with values are expected here")]
    [InlineData("neighbors: [[a]]", "neighbors[0]: keys with values are expected here")]
    [InlineData("neighbors: [{address: 192.0.2.1, remote-as: 1}, {address: 192.0.2.1, remote-as: 2}]", "neighbors: 192.0.2.1 is there twice; leave one.")]
    [InlineData("neighbors: [{address: 'fe80::1', interface: a, remote-as: 1}, {address: 'fe80::1', interface: b, remote-as: 2}]", "neighbors: fe80::1 is there twice")]
    public void Load_BadList_IsRefused(string yaml, string expected) => Assert.StartsWith($"{_path}:1:1: {expected}", Assert.Single(Errors(yaml)), StringComparison.Ordinal);

    [Fact]
    public void Load_SeveralErrors_AreAllTold()
    {
        var error = Assert.Single(Errors("neighbors: [{address: x, remote-as: y}, {interface: eth1}]"));
        foreach (var path in (string[])["neighbors[0].address", "neighbors[0].remote-as", "neighbors[1].remote-as"])
            Assert.Contains($"{path}: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_EachKey_IsNamedOnceAndExplained()
    {
        var names = NeighborSettings.All.Select(s => s.Name).ToImmutableArray();
        Assert.Equal(names.Distinct(), names);
        Assert.All(NeighborSettings.All, s => Assert.True(s.Name == "remote-as" || s.Help.Contains("Default: ", StringComparison.Ordinal), s.Name));
    }

    private ImmutableArray<ExternalNeighbor> Load(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return AgentConfigFile.Load(_path).Neighbors;
    }

    private ImmutableArray<string> Errors(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return Assert.Throws<ConfigurationException>(() => AgentConfigFile.Load(_path)).Errors;
    }
}
