using System.Security.Cryptography;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The two keys that a handshake ends with (WireGuard paper, section 5.4.5), on their way into a <see cref="Session.TransportSession"/>.
/// </summary>
internal sealed class TransportKeys : IDisposable
{
    private const int KeyLength = 32;

    private readonly byte[] _bytes = GC.AllocateArray<byte>(2 * KeyLength, pinned: true);

    private TransportKeys() { }

    public ReadOnlySpan<byte> Send => _bytes.AsSpan(0, KeyLength);

    public ReadOnlySpan<byte> Receive => _bytes.AsSpan(KeyLength);

    /// <summary>Copies both keys.</summary>
    public static TransportKeys Copy(ReadOnlySpan<byte> send, ReadOnlySpan<byte> receive)
    {
        var keys = new TransportKeys();
        send.CopyTo(keys._bytes);
        receive.CopyTo(keys._bytes.AsSpan(KeyLength));
        return keys;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
