using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Noise;

/// <summary>Where ephemeral keys, indices, cookie nonces and jitter come from; tests put known bytes here.</summary>
internal interface IEntropy
{
    void Fill(Span<byte> destination);

    /// <summary>A number from 0 up to, and without, the bound; for jitter: small numbers are a little likelier.</summary>
    long Below(long bound)
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        Fill(random);
        return (long)(BinaryPrimitives.ReadUInt64LittleEndian(random) % (ulong)bound);
    }
}

/// <summary>The system's cryptographic generator.</summary>
internal sealed class SystemEntropy : IEntropy
{
    public static readonly SystemEntropy Instance = new();

    private SystemEntropy() { }

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
