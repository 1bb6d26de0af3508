using System.Security.Cryptography;

namespace Meshover.WireGuard.Noise;

/// <summary>Where ephemeral keys, indices, cookie nonces and jitter come from; tests put known bytes here.</summary>
internal interface IEntropy
{
    void Fill(Span<byte> destination);
}

/// <summary>The system's cryptographic generator.</summary>
internal sealed class SystemEntropy : IEntropy
{
    public static readonly SystemEntropy Instance = new();

    private SystemEntropy() { }

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
