using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Meshover.Bench.Streams;

/// <summary>A member that does not exist: what its agent would have on the disk.</summary>
internal sealed class StreamIdentity
{
    private readonly X509Certificate2 _certificate;

    private StreamIdentity(string hostName, X509Certificate2 certificate, string credential)
    {
        (HostName, Credential, _certificate) = (hostName, credential, certificate);
        // Made once: the chain that it builds costs as much as a handshake.
        Certificate = SslStreamCertificateContext.Create(certificate, null, offline: true);
    }

    public string HostName { get; }

    /// <summary>A JWT; empty before it has joined.</summary>
    public string Credential { get; private set; }

    public SslStreamCertificateContext Certificate { get; }

    public static StreamIdentity New(string hostName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new StreamIdentity(hostName, new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddYears(10)), "");
    }

    public void Joined(string credential) => Credential = credential;

    public void Write(BinaryWriter file)
    {
        file.Write(HostName);
        file.Write(Credential);
        foreach (var part in (byte[][])[_certificate.RawData, _certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKey()])
        {
            file.Write(part.Length);
            file.Write(part);
        }
    }

    public static StreamIdentity Read(BinaryReader file)
    {
        var (hostName, credential) = (file.ReadString(), file.ReadString());
        using var certificate = X509CertificateLoader.LoadCertificate(file.ReadBytes(file.ReadInt32()));
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(file.ReadBytes(file.ReadInt32()), out _);
        return new StreamIdentity(hostName, certificate.CopyWithPrivateKey(key), credential);
    }
}
