using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.UnitTests.WireGuard.Crypto;

/// <summary>
/// What seals batches on this very machine: OpenSSL everywhere, and our own for the vectors that the processor has. A test runs for each:
/// none is skipped, and its name says for which it ran.
/// </summary>
internal static unsafe class CiphersHere
{
    public static IReadOnlyList<BatchCipher> All { get; } =
        [.. Enum.GetValues<BatchCipher>().Where(cipher => cipher == BatchCipher.OpenSsl || PacketSet.IsSupported(cipher))];

    /// <summary>Seals packets of one length with this cipher, be it the quickest for so many or not.</summary>
    public static void Seal(BatchCipher cipher, TransportCipher sealing, byte* key, PacketJob* jobs, int count)
    {
        if (cipher == BatchCipher.OpenSsl)
            PacketBatch.Seal(sealing, key, jobs, count, cipher);
        else
            PacketSet.Seal(cipher, key, jobs, count);
    }

    /// <inheritdoc cref="Seal"/>
    public static void Open(BatchCipher cipher, TransportCipher opening, byte* key, PacketJob* jobs, int count)
    {
        if (cipher == BatchCipher.OpenSsl)
            PacketBatch.Open(opening, key, jobs, count, cipher);
        else
            PacketSet.Open(cipher, key, jobs, count);
    }
}
