namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>What does the packets of a batch.</summary>
internal enum BatchCipher
{
    /// <summary>OpenSSL, one packet at a time.</summary>
    OpenSsl,

    /// <summary>Four or eight packets side by side in vectors of 256 bits.</summary>
    Avx2,

    /// <summary>Eight packets side by side in vectors of 512 bits; four in 256.</summary>
    Avx512,
}
