using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Mesh.Trust;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// Whether the other end is a controller of our mesh: its certificate is for <c>node.meshover</c>, and it is signed by a certificate
/// whose key is pinned. The machine's own list of authorities has no say.
/// </summary>
internal sealed class ControllerTrust(ImmutableArray<string> pins)
{
    /// <summary>Why the last certificate was refused; null where none was.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Nothing is fetched that a certificate names: whoever stands between could have us call any address.</summary>
    public static X509ChainPolicy NewPolicy() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    public bool Validate(X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        Refusal = Refuse(certificate, presented, errors);
        return Refusal is null;
    }

    private string? Refuse(X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf)
            return "The controller presented no certificate.";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"The other end is not a controller of a mesh: its certificate is not for {ContractRevision.ServerName}.";
        var pinned = Shown(leaf, presented).Where(shown => pins.Contains(CaPin.Of(shown.PublicKey.ExportSubjectPublicKeyInfo()))).ToList();
        if (pinned.Count == 0)
            return "The controller's certificate is not signed by the authority that the join string pins: this is another mesh's "
                + "controller, its authority was replaced (`rotate-ca`) while this node was off, or somebody intercepts the connection. If it is the right "
                + "controller: `meshover leave --force`, then `meshover up --join` with a string from `meshover token create --replace` there.";
        return Chain(leaf, presented, pinned);
    }

    private static IEnumerable<X509Certificate2> Shown(X509Certificate2 leaf, X509Chain? presented)
    {
        var sent = presented is null ? [leaf] : presented.ChainElements.Select(element => element.Certificate).Concat(presented.ChainPolicy.ExtraStore).Prepend(leaf);
        return Carried(leaf) is { } authority ? sent.Append(authority) : sent;
    }

    /// <summary>The CA's certificate inside the leaf (<see cref="CaPin.AuthorityExtension"/>); null where there is none that can be read.</summary>
    private static X509Certificate2? Carried(X509Certificate2 leaf)
    {
        if (leaf.Extensions[CaPin.AuthorityExtension] is not { } extension)
            return null;
        try
        {
            return X509CertificateLoader.LoadCertificate(extension.RawData);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>A pinned certificate that is merely shown proves nothing: it must have signed the leaf.</summary>
    private static string? Chain(X509Certificate2 leaf, X509Chain? presented, List<X509Certificate2> pinned)
    {
        using var chain = new X509Chain { ChainPolicy = NewPolicy() };
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(pinned.ToArray());
        // The pin is what counts; a machine with a wrong clock must still be able to join (credentials have their own 5 minutes).
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (presented is not null)
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        return chain.Build(leaf)
            ? null
            : $"The controller's certificate does not verify: {string.Join(", ", chain.ChainStatus.Select(status => status.Status))}.";
    }
}
