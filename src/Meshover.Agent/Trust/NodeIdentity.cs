using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Trust;

/// <summary>
/// Who this node is: its two keys, its name, and what the controller gave it. Kept by <see cref="IdentityStore"/>; never leaves
/// the machine.
/// </summary>
public sealed record NodeIdentity
{
    private const int MaxControllers = 16;

    public required string HostName { get; init; }

    /// <summary>ECDSA P-256, PKCS #8 PEM. It owns the hostname and proves itself as the TLS client key.</summary>
    public required string IdentityKeyPem { get; init; }

    /// <summary>Self-signed with the identity key; the key counts, not the certificate's text.</summary>
    public required string CertificatePem { get; init; }

    /// <summary>The one in use. X25519, 32 bytes, base64.</summary>
    public required string WireGuardPrivateKey { get; init; }

    /// <summary>When it was made, in seconds since 1970; 0: it is not known, an older release made it.</summary>
    public long WireGuardKeyMade { get; init; }

    /// <summary>A change of it that is under way; null: none.</summary>
    public KeyChange? KeyChange { get; init; }

    /// <summary><c>host:port</c> each, as last heard from the join string or the map.</summary>
    public ImmutableArray<string> Controllers { get; init; } = [];
    public ImmutableArray<string> CaPins { get; init; } = [];

    /// <summary>The credential, a JWT bound to the identity key; null until enrolled.</summary>
    public string? Credential { get; init; }

    /// <summary>Unix seconds; 0 until enrolled.</summary>
    public long CredentialExpires { get; init; }

    /// <summary>The node's numbers; null until enrolled.</summary>
    public NodeNumbers? Numbers { get; init; }

    /// <summary>The text of agent.yaml that <c>up</c> had written, kept by <c>down</c> so that <c>up</c> alone comes back as the same node; may be null.</summary>
    public string? Settings { get; init; }

    public bool IsEnrolled => Credential is not null && Numbers is not null;

    /// <summary>
    /// This identity with the credential that a controller just gave; itself where it is the same. It is not asked whether it is newer than
    /// the one we have: a restored controller knows less than we do, and what it gives is what it will take.
    /// </summary>
    public NodeIdentity WithCredential(string jwt, long expires) =>
        jwt == Credential ? this : this with { Credential = jwt, CredentialExpires = expires };

    /// <summary>
    /// This identity with what a map says of the controllers, the former ones behind them as a last hope; itself where that is
    /// nothing new.
    /// </summary>
    public NodeIdentity WithControllers(ImmutableArray<string> controllers, ImmutableArray<string> pins)
    {
        ImmutableArray<string> known = [.. controllers.Union(Controllers, StringComparer.Ordinal).Take(MaxControllers)];
        var trusted = pins.IsEmpty ? CaPins : pins;
        return known.SequenceEqual(Controllers) && trusted.SequenceEqual(CaPins) ? this : this with { Controllers = known, CaPins = trusted };
    }

    /// <summary>This identity by the name that the mesh has for it; itself where that is nothing new.</summary>
    public NodeIdentity WithHostName(string hostName) => hostName == HostName ? this : this with { HostName = hostName };

    /// <summary>
    /// This identity with what an agent that runs beside has written meanwhile: its WireGuard keys are its own to change, and the newer credential
    /// counts. Itself where the other is another machine's, or none.
    /// </summary>
    public NodeIdentity WithWhatIsNewerIn(NodeIdentity? other) => other is null || other.IdentityKeyPem != IdentityKeyPem
        ? this
        : (other.Credential is { } jwt && other.CredentialExpires > CredentialExpires ? WithCredential(jwt, other.CredentialExpires) : this) with
        {
            WireGuardPrivateKey = other.WireGuardPrivateKey,
            WireGuardKeyMade = other.WireGuardKeyMade,
            KeyChange = other.KeyChange,
        };

    /// <summary>
    /// This identity with the settings that a command has written beside the running agent, which knows only those that it started with.
    /// Itself where the other is another machine's, or none.
    /// </summary>
    public NodeIdentity WithSettingsOf(NodeIdentity? other) =>
        other is null || other.IdentityKeyPem != IdentityKeyPem ? this : this with { Settings = other.Settings };

    /// <summary>This identity with the new key in use, and the former as the other one.</summary>
    public NodeIdentity WithNewKeyInUse(DateTimeOffset now) => KeyChange is not { Stage: not KeyChangeStage.InUse } change ? this : this with
    {
        WireGuardPrivateKey = change.OtherPrivateKey,
        WireGuardKeyMade = change.Begun,
        KeyChange = change with { OtherPrivateKey = WireGuardPrivateKey, Stage = KeyChangeStage.InUse, UsedSinceMs = now.ToUnixTimeMilliseconds() },
    };

    public WireGuardPublicKey WireGuardPublicKey => WireGuardKeys.PublicOf(WireGuardPrivateKey);

    /// <summary>The client certificate with its private key. The caller disposes it.</summary>
    /// <exception cref="AgentException">One of the two is damaged.</exception>
    public X509Certificate2 OpenCertificate()
    {
        try
        {
            return X509Certificate2.CreateFromPem(CertificatePem, IdentityKeyPem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new AgentException($"The identity's key or certificate is damaged ({e.Message}). Put a copy of identity.json back, or run `meshover leave --force` and join again.", e);
        }
    }
}

/// <summary>What the controller gave a node, each unique in the mesh.</summary>
public sealed record NodeNumbers(NodeId Id, IPAddress Address4, IPAddress Address6, IPAddress TunnelAddress, Asn Asn);
