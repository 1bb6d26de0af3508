using System.Net;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;
using Meshover.Contract.V1;
using Meshover.Mesh.Identity;
using Meshover.Names;
using Meshover.Names.Zones;
using Xunit;

namespace Meshover.UnitTests.Names;

public sealed class AnswersTests
{
    private static readonly NamedMesh Mesh = new(
        4_294_967_300,
        [
            new NamedHost("n1", IPAddress.Parse("10.249.0.1"), IPAddress.Parse("fd00:1::1")) { Further = [IPAddress.Parse("10.249.0.77"), IPAddress.Parse("fd00:1::77")] },
            new NamedHost("only4", IPAddress.Parse("10.249.1.2"), null),
            new NamedHost("web.tokyo", IPAddress.Parse("10.249.0.3"), IPAddress.Parse("fd00:1::3")),
            new NamedHost("whole.mesh", IPAddress.Parse("10.249.0.4"), null),
            new NamedHost("n1", IPAddress.Parse("10.249.9.9"), null) { Further = [IPAddress.Parse("10.249.9.10")] },
        ],
        [IPNetwork.Parse("10.249.0.0/20"), IPNetwork.Parse("fd00:1::/48")])
    {
        Services =
        [
            new NamedService("shop", IPAddress.Parse("10.9.0.1")),
            new NamedService("shop", IPAddress.Parse("fd09::1")),
            new NamedService("mail", IPAddress.Parse("10.9.0.1")),
            new NamedService("db.tokyo", IPAddress.Parse("10.9.0.2")),
            new NamedService("only4", IPAddress.Parse("10.9.0.3")), // a node's
        ],
    };

    private static readonly ZoneTable Zones = new(Mesh, DomainName.Parse("mesh"), "n1");

    [Theory]
    [InlineData("n1.mesh", RecordType.A, ReturnCode.NoError, "10.249.0.1")]
    [InlineData("N1.MESH", RecordType.Aaaa, ReturnCode.NoError, "fd00:1::1")]
    [InlineData("only4.mesh", RecordType.Aaaa, ReturnCode.NoError, "")] // NODATA, as the name is there
    [InlineData("web.tokyo.mesh", RecordType.A, ReturnCode.NoError, "10.249.0.3")]
    [InlineData("tokyo.mesh", RecordType.A, ReturnCode.NoError, "")] // between the zone and a name (RFC 8020)
    [InlineData("whole.mesh", RecordType.A, ReturnCode.NoError, "10.249.0.4")]
    [InlineData("whole.mesh.mesh", RecordType.A, ReturnCode.NxDomain, "")]
    [InlineData("nobody.mesh", RecordType.A, ReturnCode.NxDomain, "")]
    [InlineData("x.n1.mesh", RecordType.A, ReturnCode.NxDomain, "")]
    [InlineData("mesh", RecordType.A, ReturnCode.NoError, "")]
    [InlineData("mesh", RecordType.Axfr, ReturnCode.Refused, "")]
    [InlineData("example.org", RecordType.A, ReturnCode.Refused, "")]
    [InlineData("notmesh", RecordType.A, ReturnCode.Refused, "")]
    [InlineData("1.0.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NoError, "n1.mesh")]
    [InlineData("77.0.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NoError, "n1.mesh")] // a further one leads to the name, and the name not to it
    [InlineData("7.7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa", RecordType.Ptr, ReturnCode.NoError, "n1.mesh")]
    [InlineData("10.9.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NxDomain, "")]
    [InlineData("9.9.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NxDomain, "")] // the younger one of two of a name has none
    [InlineData("0.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NoError, "")]
    [InlineData("16.249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.Refused, "")] // outside of the /20
    [InlineData("249.10.in-addr.arpa", RecordType.Ptr, ReturnCode.Refused, "")] // has others' addresses, too
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa", RecordType.Ptr, ReturnCode.NoError, "n1.mesh")]
    [InlineData("1.0.0.0.0.0.d.f.ip6.arpa", RecordType.Ptr, ReturnCode.Refused, "")]
    [InlineData("shop.mesh", RecordType.A, ReturnCode.NoError, "10.9.0.1")]
    [InlineData("shop.mesh", RecordType.Aaaa, ReturnCode.NoError, "fd09::1")]
    [InlineData("mail.mesh", RecordType.Aaaa, ReturnCode.NoError, "")]
    [InlineData("db.tokyo.mesh", RecordType.A, ReturnCode.NoError, "10.9.0.2")]
    [InlineData("only4.mesh", RecordType.A, ReturnCode.NoError, "10.249.1.2")] // the node keeps its name
    [InlineData("1.0.9.10.in-addr.arpa", RecordType.Ptr, ReturnCode.NoError, "shop.mesh mail.mesh")]
    [InlineData("1.0.9.10.in-addr.arpa", RecordType.A, ReturnCode.NoError, "")]
    [InlineData("3.0.9.10.in-addr.arpa", RecordType.Ptr, ReturnCode.Refused, "")] // without a name it is none of ours
    [InlineData("0.9.10.in-addr.arpa", RecordType.Ptr, ReturnCode.Refused, "")] // has others' addresses
    public void Question_GetsWhatDnsHasForIt(string name, RecordType type, ReturnCode code, string data)
    {
        var answer = Ask(name, type);
        Assert.Equal(code, answer.ReturnCode);
        Assert.Equal(data, string.Join(' ', answer.AnswerRecords.Select(Data)));
        Assert.Equal(code != ReturnCode.Refused, answer.IsAuthoritiveAnswer);
        Assert.False(answer.IsRecursionAllowed);
        // What there is none of comes with how long that may be kept (RFC 2308).
        var isNegative = answer.IsAuthoritiveAnswer && data.Length == 0;
        Assert.Equal(isNegative, answer.AuthorityRecords is [SoaRecord { TimeToLive: ZoneTable.NegativeTimeToLive, NegativeCachingTTL: ZoneTable.NegativeTimeToLive }]);
    }

    [Fact]
    public void Apex_HasSoaAndNs_WithTheServersAddresses()
    {
        var soa = Assert.IsType<SoaRecord>(Assert.Single(Ask("mesh", RecordType.Soa).AnswerRecords));
        Assert.Equal(("n1.mesh", "hostmaster.mesh", 4u), (Plain(soa.MasterName), Plain(soa.ResponsibleName), soa.SerialNumber)); // of 32 bits (RFC 1982)
        var servers = Ask("mesh", RecordType.Ns);
        Assert.Equal("n1.mesh", Plain(Assert.IsType<NsRecord>(Assert.Single(servers.AnswerRecords)).NameServer));
        Assert.Equal(["10.249.0.1", "fd00:1::1"], servers.AdditionalRecords.Where(record => record is AddressRecordBase).Select(Data));
    }

    [Fact]
    public void Query_ThatIsNone_IsRefusedByItsCode()
    {
        Assert.Equal(ReturnCode.ServerFailure, Answers.To(Query("n1.mesh", RecordType.A), zones: null).ReturnCode);
        var two = Query("n1.mesh", RecordType.A);
        two.Questions.Add(new DnsQuestion(DomainName.Parse("n1.mesh"), RecordType.Aaaa, RecordClass.INet));
        Assert.Equal(ReturnCode.FormatError, Answers.To(two, Zones).ReturnCode);
        var status = Query("n1.mesh", RecordType.A);
        status.OperationCode = OperationCode.Status;
        Assert.Equal(ReturnCode.NotImplemented, Answers.To(status, Zones).ReturnCode);
        var chaos = new DnsMessage { IsQuery = true, Questions = { new DnsQuestion(DomainName.Parse("n1.mesh"), RecordType.A, RecordClass.Chaos) } };
        Assert.Equal(ReturnCode.Refused, Answers.To(chaos, Zones).ReturnCode);
    }

    [Theory]
    [InlineData(4096, 1232)]
    [InlineData(100, 512)]
    [InlineData(1000, 1000)]
    public void Edns_IsAnsweredWithASizeThatNoLinkCuts(int asked, int told)
    {
        var query = Query("n1.mesh", RecordType.A);
        query.IsEDnsEnabled = true;
        query.EDnsOptions!.UdpPayloadSize = (ushort)asked;
        Assert.Equal(told, Answers.To(query, Zones).EDnsOptions!.UdpPayloadSize);
        query.EDnsOptions.Version = 1;
        var refused = Answers.To(query, Zones);
        Assert.Equal((ReturnCode.BadVersion, (byte)0), (refused.ReturnCode, refused.EDnsOptions!.Version));
    }

    [Theory]
    [InlineData("10.0.0.0/8", 1, "10.in-addr.arpa")]
    [InlineData("10.128.0.0/9", 128, "128.10.in-addr.arpa")]
    [InlineData("10.249.16.0/20", 16, "16.249.10.in-addr.arpa")]
    [InlineData("192.0.2.64/26", 64, "64.2.0.192.in-addr.arpa")]
    [InlineData("fd00:1::/48", 1, "0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa")]
    [InlineData("fd00:1::/45", 8, "0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa")]
    [InlineData("fd00::/50", 4, "0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa")]
    public void ReverseZones_CoverThePoolAndNothingElse(string pool, int count, string first)
    {
        var zones = ReverseZones.Of(IPNetwork.Parse(pool)).Select(Plain).ToList();
        Assert.Equal((count, count), (zones.Count, zones.Distinct().Count()));
        if (pool != "fd00::/50")
            Assert.Equal(first, zones[0]);
        else
            Assert.EndsWith(first, zones[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Map_OfTheContract_LeavesOutWhatMakesNoSense()
    {
        var mesh = NamedMesh.Of(new MeshSnapshot
        {
            Revision = 7,
            Settings = new MeshSettings { Pool4 = "10.249.0.0/16", Pool6 = "nonsense" },
            Nodes =
            {
                new NodeInfo { Id = 2, Hostname = "b", Address4 = "10.249.0.2", Address6 = "?", Grants = { Named("10.9.0.1/32"), Named("10.9.1.0/24"), Named("?"), new RouteGrant { Prefix = "10.9.0.2/32" } } },
                new NodeInfo { Id = 1, Hostname = "a", Address6 = "fd00::1", Grants = { Named("10.9.0.1/32"), Named("fd09::1/128") } },
                new NodeInfo { Id = 3 },
            },
        });
        Assert.Equal(["shop 10.9.0.1", "shop fd09::1"], mesh.Services.Select(service => $"{service.Name} {service.Address}"));
        Assert.Equal(["a", "b"], mesh.Hosts.Select(host => host.HostName));
        Assert.Equal(["fd00::1", "10.249.0.2"], mesh.Hosts.SelectMany(host => host.Addresses).Select(address => $"{address}"));
        Assert.Equal(["10.249.0.0/16"], mesh.Pools.Select(pool => $"{pool}"));
    }

    /// <summary>The controller compares names by it, the daemon answers for it, and neither knows the other's.</summary>
    [Fact]
    public void DefaultZone_IsOne() => Assert.Equal(HostName.DefaultZone, NamesConfig.DefaultZone);

    private static RouteGrant Named(string prefix) => new() { Prefix = prefix, Name = "shop" };

    private static DnsMessage Ask(string name, RecordType type) => Answers.To(Query(name, type), Zones);

    private static DnsMessage Query(string name, RecordType type) =>
        new() { IsQuery = true, IsRecursionDesired = true, Questions = { new DnsQuestion(DomainName.Parse(name), type, RecordClass.INet) } };

    private static string Data(DnsRecordBase record) => record switch
    {
        AddressRecordBase address => $"{address.Address}",
        PtrRecord pointer => Plain(pointer.PointerDomainName),
        _ => $"{record}",
    };

    private static string Plain(DomainName name) => $"{name}".TrimEnd('.');
}
