using System.Net;
using Meshover.Agent;
using Meshover.Agent.Trust;
using Meshover.Mesh.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Trust;

public sealed class IdentityStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-identity").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void WithWhatIsNewerIn_AgentChangedItsKeyAndCredentialMeanwhile_LosesNeither()
    {
        var former = IdentityFactory.Create("n1", TimeProvider.System) with { Credential = "old", CredentialExpires = 5 };
        var enrolled = former with { HostName = "renamed", Credential = "enrolled", CredentialExpires = 7 };
        var running = former with
        {
            WireGuardPrivateKey = WireGuardKeys.NewPrivateKey(),
            WireGuardKeyMade = 9,
            KeyChange = new KeyChange(former.WireGuardPrivateKey, KeyChangeStage.InUse, Begun: 5, UsedSinceMs: 6000),
            Credential = "renewed",
            CredentialExpires = 8,
        };

        var merged = enrolled.WithWhatIsNewerIn(running);
        Assert.Equal(running with { HostName = "renamed" }, merged);
        Assert.Equal("enrolled", enrolled.WithWhatIsNewerIn(former).Credential);
        Assert.Same(enrolled, enrolled.WithWhatIsNewerIn(null));
        Assert.Same(enrolled, enrolled.WithWhatIsNewerIn(IdentityFactory.Create("n1", TimeProvider.System)));
    }

    [Fact]
    public void Load_AfterSave_GivesTheSameIdentity()
    {
        var store = new IdentityStore(_directory);
        Assert.Null(store.Load());
        var saved = IdentityFactory.Create("n1", TimeProvider.System) with
        {
            Controllers = ["192.0.2.100:12913"],
            CaPins = ["pin"],
            Credential = "jwt",
            CredentialExpires = 5,
            Numbers = new NodeNumbers(new NodeId(7), IPAddress.Parse("10.249.0.7"), IPAddress.Parse("fd00::7"), IPAddress.Parse("198.18.0.7"), new Asn(4_200_000_007)),
            Settings = "site: tokyo\n",
            KeyChange = new KeyChange(WireGuardKeys.NewPrivateKey(), KeyChangeStage.InUse, Begun: 5, UsedSinceMs: 6000),
        };
        store.Save(saved);
        var read = store.Load()!;
        Assert.Equal(saved.Controllers, read.Controllers);
        Assert.Equal(saved.CaPins, read.CaPins);
        Assert.Equal(saved, read with { Controllers = saved.Controllers, CaPins = saved.CaPins });
        Assert.True(read.IsEnrolled);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(store.FilePath));
        Assert.Single(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Update_ByACommandAndTheRunningAgentAtOnce_LosesNothingOfEither()
    {
        const int times = 100;
        var first = IdentityFactory.Create("n1", TimeProvider.System);
        new IdentityStore(_directory).Save(first);
        var keeper = new IdentityKeeper(new IdentityStore(_directory), first, NullLogger.Instance);
        Parallel.Invoke(
            () =>
            {
                for (var i = 1; i <= times; i++)
                    keeper.Update(now => now.WithCredential($"{i}", i));
            },
            () =>
            {
                for (var i = 1; i <= times; i++)
                    new IdentityStore(_directory).Update(now => now! with { Settings = $"{now.Settings}{i} " });
            });
        var last = new IdentityStore(_directory).Load()!;
        Assert.Equal(($"{times}", string.Concat(Enumerable.Range(1, times).Select(i => $"{i} "))), (last.Credential, last.Settings));
        Assert.True(keeper.IsSaved);
        new IdentityStore(_directory).Delete();
        Assert.False(Directory.Exists(_directory));
        Directory.CreateDirectory(_directory);
    }

    [Fact]
    public void AgentLock_HeldByOneAgent_IsRefusedToAnotherWithTheDirectory()
    {
        using (AgentLock.Take(_directory))
            Assert.Contains(_directory, Assert.Throws<AgentException>(() => AgentLock.Take(_directory)).Message, StringComparison.Ordinal);
        AgentLock.Take(_directory).Dispose();
    }

    [Fact]
    public void Load_DamagedFile_SaysWhatToDo()
    {
        var store = new IdentityStore(_directory);
        File.WriteAllText(store.FilePath, "{ \"hostName\": ");
        Assert.Contains("damaged", Assert.Throws<AgentException>(() => store.Load()).Message, StringComparison.Ordinal);
        File.WriteAllText(store.FilePath, """{"version":2,"hostName":"a","identityKey":"","certificate":"","wireGuardPrivateKey":""}""");
        Assert.Contains("version 2", Assert.Throws<AgentException>(() => store.Load()).Message, StringComparison.Ordinal);
        store.Save(IdentityFactory.Create("n1", TimeProvider.System) with { WireGuardPrivateKey = "c2hvcnQ=" });
        Assert.Contains("WireGuard key", Assert.Throws<AgentException>(() => store.Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_TwoIdentities_ShareNoKeyAndHaveUsableCertificates()
    {
        var (a, b) = (IdentityFactory.Create("a", TimeProvider.System), IdentityFactory.Create("b", TimeProvider.System));
        Assert.NotEqual(a.WireGuardPublicKey, b.WireGuardPublicKey);
        using var certificate = a.OpenCertificate();
        Assert.True(certificate.HasPrivateKey);
        Assert.NotEqual(a.IdentityKeyPem, b.IdentityKeyPem);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(null, "")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", null)]
    [InlineData(null, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    public void OpenCertificate_Damaged_SaysWhatToDo(string? certificate, string? key)
    {
        var whole = IdentityFactory.Create("a", TimeProvider.System);
        var damaged = whole with { CertificatePem = certificate ?? whole.CertificatePem, IdentityKeyPem = key ?? whole.IdentityKeyPem };

        Assert.Contains("leave --force", Assert.Throws<AgentException>(damaged.OpenCertificate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithCredential_TakesWhatTheControllerGives_AndWritesTheSameOneOnlyOnce()
    {
        var identity = IdentityFactory.Create("a", TimeProvider.System).WithCredential("first", expires: 20);
        Assert.Same(identity, identity.WithCredential("first", expires: 20));
        // A controller whose clock was set back, or that was restored, gives one that ends earlier.
        Assert.Equal(("second", 10), (identity.WithCredential("second", expires: 10).Credential, identity.WithCredential("second", expires: 10).CredentialExpires));
    }

    [Fact]
    public void Load_FileOfAnOlderRelease_WithWhatIsNoLongerKept_IsRead()
    {
        var store = new IdentityStore(_directory);
        store.Save(IdentityFactory.Create("n1", TimeProvider.System) with { Credential = "jwt" });
        var text = File.ReadAllText(store.FilePath);
        File.WriteAllText(store.FilePath, text.Replace("\"credential\":", "\"credentialIssue\": 6, \"credential\":", StringComparison.Ordinal));

        Assert.Equal("jwt", store.Load()!.Credential);
    }

    [Fact]
    public void WithControllers_TheyMoved_ComeFirstAndTheFormerStayAsALastHope()
    {
        var identity = IdentityFactory.Create("a", TimeProvider.System) with { Controllers = ["old:1"], CaPins = ["p"] };
        Assert.Equal(["new:1", "old:1"], identity.WithControllers(["new:1"], []).Controllers);
        Assert.Same(identity, identity.WithControllers(["old:1"], ["p"]));
    }
}
