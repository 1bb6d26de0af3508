using System.Security.Cryptography;

namespace Meshover.WireGuard.Session;

/// <summary>The two keys that a handshake ends with (WireGuard paper, section 5.4.5), on their way into a <see cref="Keypair"/>.</summary>
internal readonly struct TransportKeys : IDisposable
{
    private readonly byte[] _bytes; // pinned: no copies stay behind in the heap

    private TransportKeys(byte[] bytes) => _bytes = bytes;

    public ReadOnlySpan<byte> Send => _bytes.AsSpan(0, 32);

    public ReadOnlySpan<byte> Receive => _bytes.AsSpan(32, 32);

    /// <summary>Copies both keys.</summary>
    public static TransportKeys Copy(ReadOnlySpan<byte> send, ReadOnlySpan<byte> receive)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(64, pinned: true);
        send.CopyTo(bytes);
        receive.CopyTo(bytes.AsSpan(32));
        return new TransportKeys(bytes);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
