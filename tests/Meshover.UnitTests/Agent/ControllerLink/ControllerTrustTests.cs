using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Agent.ControllerLink;
using Meshover.Mesh.Trust;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class ControllerTrustTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly X509Certificate2 _authority = Authority();
    private readonly X509Certificate2 _other = Authority();

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Validate_SignedByThePinnedAuthority_IsTrusted()
    {
        using var leaf = Leaf(_authority, carried: _authority);
        Assert.True(Trusting(_authority).Validate(leaf, presented: null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Fact]
    public void Validate_SignedByAnother_IsRefusedWithWhatToDo()
    {
        using var leaf = Leaf(_other, carried: _other);
        var trust = Trusting(_authority);
        Assert.False(trust.Validate(leaf, presented: null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.Contains("token create --replace", trust.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_PinnedAuthorityShownByOneItDidNotSign_IsRefused()
    {
        using var leaf = Leaf(_other, carried: _authority);
        Assert.False(Trusting(_authority).Validate(leaf, presented: null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Fact]
    public void Validate_AnotherName_IsRefused()
    {
        using var leaf = Leaf(_authority, carried: _authority);
        Assert.False(Trusting(_authority).Validate(leaf, presented: null, SslPolicyErrors.RemoteCertificateNameMismatch));
    }

    [Fact]
    public void Validate_ExpiredCertificate_IsTrustedForThePinIsWhatCounts()
    {
        using var leaf = Leaf(_authority, carried: _authority, until: Now - TimeSpan.FromDays(300));
        Assert.True(Trusting(_authority).Validate(leaf, presented: null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Fact]
    public void Validate_NoCertificate_IsRefused() => Assert.False(Trusting(_authority).Validate(null, null, SslPolicyErrors.None));

    private static ControllerTrust Trusting(X509Certificate2 authority) => new([CaPin.Of(authority.PublicKey.ExportSubjectPublicKeyInfo())]);

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Meshover CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(Now.AddYears(-5), Now.AddYears(20));
    }

    private static X509Certificate2 Leaf(X509Certificate2 signer, X509Certificate2 carried, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={ContractRevision.ServerName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension(new Oid(CaPin.AuthorityExtension), carried.RawData, critical: false));
        return request.Create(signer, Now.AddYears(-2), until ?? Now.AddYears(1), [1, 2, 3]);
    }
}
