using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Identity;
using Meshover.Mesh.Trust;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class TlsSetupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-tls-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));

    private string Certificate => Path.Combine(_directory, "chain.pem");

    private string Key => Path.Combine(_directory, "key.pem");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void OperatorsCertificate_ThatIsRenewed_IsShownWithoutARestart()
    {
        Write("first", minute: 0);
        var tls = Create();
        Assert.Equal("CN=first", Shown(tls));

        Write("second", minute: 1);
        Assert.Equal("CN=first", Shown(tls)); // it was looked at just now
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=second", Shown(tls));
    }

    [Fact]
    public void OperatorsCertificate_ThatCannotBeUsed_LeavesTheFormerOne_UntilItCan()
    {
        Write("first", minute: 0);
        var tls = Create();
        File.WriteAllText(Certificate, "half a file");
        File.SetLastWriteTimeUtc(Certificate, Written(1));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=first", Shown(tls));

        Write("second", minute: 2);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=second", Shown(tls));
    }

    // As a container's secrets are: the files are links, and what changes is a directory on the way.
    [Fact]
    public void OperatorsCertificate_BehindALink_IsShownOnceTheLinkLeadsElsewhere()
    {
        Write("first", minute: 0, Directory.CreateDirectory(Path.Combine(_directory, "v1")).FullName);
        Write("second", minute: 1, Directory.CreateDirectory(Path.Combine(_directory, "v2")).FullName);
        var data = Path.Combine(_directory, "data");
        Directory.CreateSymbolicLink(data, "v1");
        File.CreateSymbolicLink(Certificate, "data/chain.pem");
        File.CreateSymbolicLink(Key, "data/key.pem");
        var tls = Create();
        Assert.Equal("CN=first", Shown(tls));

        File.Delete(data);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=first", Shown(tls)); // it leads nowhere

        Directory.CreateSymbolicLink(data, "v2");
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=second", Shown(tls));
    }

    [Fact]
    public void NodesCertificate_IsMadeAnew_LongBeforeItEnds()
    {
        Write("first", minute: 0);
        var tls = Create();
        var first = tls.OptionsOf(ContractRevision.ServerName).ServerCertificateContext!;
        Assert.Same(first, tls.OptionsOf("NODE.meshover").ServerCertificateContext);

        _time.Advance(TimeSpan.FromDays(181));

        var second = tls.OptionsOf(ContractRevision.ServerName);
        Assert.True(second.ServerCertificateContext!.TargetCertificate.NotAfter > first.TargetCertificate.NotAfter);
        Assert.True(second.ClientCertificateRequired);
    }

    private TlsSetup Create()
    {
        var options = ConfigReader.Read(new ControllerConfig { Certificate = Certificate, Key = Key });
        return new TlsSetup(CertificateAuthority.Create(_time.GetUtcNow()), options, EndpointGroups.Present, _time, NullLogger.Instance);
    }

    private static string Shown(TlsSetup tls) => tls.OptionsOf("controller.example").ServerCertificateContext!.TargetCertificate.Subject;

    // The clock of a file system is too coarse to tell two writes of a test apart.
    private static DateTime Written(int minute) => DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now).UtcDateTime.AddMinutes(minute);

    private void Write(string name, int minute, string? directory = null)
    {
        var (chain, privateKey) = (Path.Combine(directory ?? _directory, "chain.pem"), Path.Combine(directory ?? _directory, "key.pem"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(_time.GetUtcNow().AddDays(-1), _time.GetUtcNow().AddDays(90));
        File.WriteAllText(chain, certificate.ExportCertificatePem());
        File.WriteAllText(privateKey, key.ExportPkcs8PrivateKeyPem());
        File.SetLastWriteTimeUtc(chain, Written(minute));
        File.SetLastWriteTimeUtc(privateKey, Written(minute));
    }
}
