using Meshover.Cli.Debugging;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class RedactionTests
{
    private const string Key = "GGVqPv1e8b8Vo4pZIrG8kRkW4bEMq9Hc0nVv3mX2iXs=";
    private const string Token = "eyJhbGciOiJFUzI1NiJ9.eyJuYW1lIjoibjEifQ.c2lnbmF0dXJl";

    [Theory]
    [InlineData($"peer {Key} up", "peer key-1 up")]
    [InlineData($"peer {Key}, again {Key}", "peer key-1, again key-1")]
    [InlineData($"authorization: Bearer {Token}", "authorization: Bearer (taken out)")]
    [InlineData("--join mo1.AAECAwQFBgcICQoLDA0ODw", "--join (taken out)")]
    [InlineData(" neighbor 203.0.113.1 password s3cret\n x", " neighbor 203.0.113.1 password (taken out)\n x")]
    [InlineData("neighbors: [{address: 203.0.113.1, password: 'two words'}]", "neighbors: [{address: 203.0.113.1, password: (taken out)}]")]
    [InlineData("\"password\": \"s3cret\",", "\"password\": (taken out),")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\nrest", "(taken out)\nrest")]
    [InlineData("password: correct horse battery\nsite: a", "password: (taken out)\nsite: a")]
    [InlineData(" neighbor mo-1 password ab,cd\"ef}'\n x", " neighbor mo-1 password (taken out)\n x")]
    [InlineData("{\"key\":\"GGVqPv1e8b8Vo4pZIrG8kRkW4bEMq9Hc0nVv3mX2\\u002BXs=\"}", "{\"key\":\"key-1\"}")]
    [InlineData("own-secret-of-this-node is here", "(taken out) is here")]
    [InlineData("10.64.2.2 n2 02:00:00:00:00:01 fd00::2", "10.64.2.2 n2 02:00:00:00:00:01 fd00::2")]
    public void Secrets_AreAlwaysTakenOut(string text, string expected) => Assert.Equal(expected, new Redaction(["own-secret-of-this-node", ""], ["n2"], anonymise: false).Of(text));

    [Theory]
    [InlineData("from 10.64.2.2 to 10.64.2.2/32 and 10.64.2.22", "from ipv4-1 to ipv4-1/32 and ipv4-2")]
    [InlineData("at [2001:db8::2]:12912, fe80::1%3, ::1 and 0.0.0.0", "at [ipv6-1]:12912, ipv6-2%3, ::1 and 0.0.0.0")]
    [InlineData("fd00::3: connection refused", "ipv6-1: connection refused")]
    [InlineData("2001:DB8::2 is 2001:db8:0::2", "ipv6-1 is ipv6-1")]
    [InlineData("link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff", "link/ether mac-1 brd mac-2")]
    [InlineData("n2 n22 x-n2 N2.mesh", "node-1 node-2 x-n2 node-1.mesh")]
    [InlineData("at 12:34:56 on 2026-01-02T03:04:05Z, version 0.1.0, frr 8.4.4", "at 12:34:56 on 2026-01-02T03:04:05Z, version 0.1.0, frr 8.4.4")]
    public void Anonymised_WhatIsEqualStaysEqual(string text, string expected) => Assert.Equal(expected, new Redaction([], ["n2", "n22"], anonymise: true).Of(text));

    /// <summary>As FRR 8.4 prints it, of which the rest is left out.</summary>
    [Fact]
    public void Names_OfBgpNeighbours_AreFoundInWhatFrrShows_AndTakenOut()
    {
        const string shown = """
            {"192.0.2.1":{"remoteAs":64512,"hostname":"edge-acme","domainname":"example.net","bgpState":"Established",
            "neighborCapabilities":{"hostName":{"advHostName":"n1","advDomainName":"n\/a","rcvHostName":"edge-acme","rcvDomainName":"n\/a"}}},
            "192.0.2.2":{"remoteAs":64513,"hostname":"Unknown"}}
            """;
        var names = BgpNames.In(shown).ToList();
        Assert.Equal(["edge-acme", "example.net"], names);
        var text = new Redaction([], names, anonymise: true).Of("edge-acme(192.0.2.1) 4 64512 at edge-acme.example.net");
        Assert.DoesNotContain("acme", text, StringComparison.Ordinal);
        Assert.DoesNotContain("example.net", text, StringComparison.Ordinal);
    }
}
