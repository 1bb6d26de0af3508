using System.Net;
using Meshover.Controller.Configuration;
using Meshover.Controller.Initialisation;
using Meshover.Controller.Membership;
using Meshover.Mesh.Addressing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class ConfigTests
{
    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var options = ConfigReader.Read(new ControllerConfig());
        Assert.Equal((12913, TimeSpan.FromHours(24), TimeSpan.FromHours(1), TimeSpan.FromMinutes(5)),
            (options.Port, options.Rest, options.CredentialLifetime, options.ClockSkew));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:99")]
    [InlineData("192.0.2.1:7", "192.0.2.1:7")]
    [InlineData("2001:db8::1", "[2001:db8::1]:99")]
    [InlineData("[2001:db8::1]:7", "[2001:db8::1]:7")]
    [InlineData("controller.example", "controller.example:99")]
    public void Read_Address_HasAPort(string text, string address) =>
        Assert.Equal([address], ConfigReader.Read(new ControllerConfig { Port = 99, Address = [text] }).Addresses);

    [Fact]
    public void Read_EverythingWrong_NamesAll()
    {
        var wrong = new ControllerConfig
        {
            Port = 0,
            Address = ["a b"],
            Listen = "here",
            Pool4 = "10.0.0.1/8",
            Pool6 = "10.0.0.0/16",
            TunnelPool = "198.18.0.0/31",
            Asn = "64512-65534",
            Rest = "99999999d",
            CredentialLifetime = "1s",
            ClockSkew = "2h",
            Key = "key.pem",
        };
        var violations = Assert.Throws<ConfigException>(() => ConfigReader.Read(wrong)).Violations;
        foreach (var name in new[] { "port", "address", "listen", "pool4", "pool6", "tunnelPool", "asn", "rest", "credentialLifetime", "clockSkew", "certificate and key" })
            Assert.Contains(violations, violation => violation.StartsWith(name + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void PoolPlan_Defaults_AreTheDesigns_AndARandomUla()
    {
        var plan = PoolPlan.Make(new PoolOptions(null, null, null, null), []);
        Assert.Equal(("10.249.0.0/16", "198.18.0.0/15", 4_200_000_000u, 4_294_967_294u),
            (plan.Pool4.ToString(), plan.TunnelPool.ToString(), plan.AsnFirst, plan.AsnLast));
        Assert.Equal(48, plan.Pool6.PrefixLength);
        Assert.NotEqual(plan.Pool6, PoolPlan.Make(new PoolOptions(null, null, null, null), []).Pool6);
    }

    [Fact]
    public void PoolPlan_Overlaps_AreAllNamed()
    {
        MachineNetwork[] machine =
        [
            new("eth0", IPAddress.Parse("10.249.3.7"), IPNetwork.Parse("10.249.3.0/24")),
            new("eth1", IPAddress.Parse("192.0.2.7"), IPNetwork.Parse("192.0.2.0/24")),
            new("vpn0", IPAddress.Parse("198.19.0.1"), IPNetwork.Parse("198.0.0.0/8")), // a network around the pool
        ];
        var violations = Assert.Throws<ConfigException>(() => PoolPlan.Make(new PoolOptions(null, null, null, null), machine)).Violations;
        Assert.Equal(2, violations.Count);
        Assert.Contains("10.249.3.7/24 on eth0", violations[0], StringComparison.Ordinal);
        Assert.Contains("198.19.0.1/8 on vpn0", violations[1], StringComparison.Ordinal);

        var both = new PoolOptions(IPNetwork.Parse("198.18.0.0/16"), null, null, null);
        Assert.Contains("overlap", Assert.Throws<ConfigException>(() => PoolPlan.Make(both, [])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.249.1.0/24", 24, false)]
    [InlineData("10.0.0.0/8", 8, true)]
    [InlineData("10.0.0.0/8", 16, false)]
    [InlineData("0.0.0.0/0", 0, true)]
    [InlineData("10.64.0.0/16", 24, true)]
    public void Grant_ThatReachesIntoThePools_CannotBeGiven(string prefix, int maxLength, bool allowed) =>
        Assert.Equal(allowed, GrantRules.WhyNot(new TestMesh().State.Mesh, new RouteGrant(IPNetwork.Parse(prefix), maxLength)) is null);

    [Fact]
    public void ConfigFile_ComesBackAsItWasWritten_AndUnknownKeysAreErrors()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ConfigFile.Write(new ControllerConfig { Address = ["a.example"], Port = 7, TunnelPool = "198.18.0.0/16", Rest = "1h" }));
            var read = ConfigFile.Read(file);
            Assert.Equal(("a.example", 7, "198.18.0.0/16", "1h"), (read.Address.Single(), read.Port, read.TunnelPool, read.Rest));

            File.WriteAllText(file, "port: 7\nadress: [a]\n");
            var error = Assert.Throws<ConfigException>(() => ConfigFile.Read(file)).Message;
            Assert.Contains("line 2", error, StringComparison.Ordinal);
            Assert.Contains("adress", error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void ConfigFile_KeysWithoutAValue_MeanTheDefaults()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "address:\nlisten:\nrest:\n");
            var options = ConfigReader.Read(ConfigFile.Read(file));
            Assert.Empty(options.Addresses);
            Assert.Equal((null, TimeSpan.FromHours(24)), (options.Listen, options.Rest));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("1w")]
    [InlineData("-1s")]
    [InlineData("1.5h")]
    [InlineData("s")]
    [InlineData("2147483647d")]
    public void Duration_ThatIsNone_IsNotRead(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("24h", 86_400)]
    [InlineData("7d", 604_800)]
    public void Duration_ReadsWhatItWrites(string text, long seconds)
    {
        Assert.True(Duration.TryParse(text, out var value));
        Assert.Equal(seconds, (long)value.TotalSeconds);
        Assert.True(Duration.TryParse(Duration.Format(value), out var again) && again == value);
    }
}
