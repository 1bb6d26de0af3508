using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The initiator's side of Noise_IKpsk2 (WireGuard paper, sections 5.4.2, 5.4.3): made with the first message, it waits for the second. A
/// message that is not the peer's leaves it unharmed.
/// </summary>
internal sealed class InitiatorHandshake : IDisposable
{
    private readonly SymmetricState _state;
    private readonly X25519PrivateKey _ephemeral;

    private InitiatorHandshake(SymmetricState state, X25519PrivateKey ephemeral) => (_state, _ephemeral) = (state, ephemeral);

    /// <summary>Writes an initiation without its MACs. Null if the peer's key is of low order.</summary>
    public static InitiatorHandshake? Create(
        LocalIdentity self, RemoteIdentity peer, uint sender, Tai64n timestamp, IEntropy entropy, Span<byte> message)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, MessageType.Initiation);
        BinaryPrimitives.WriteUInt32LittleEndian(message[InitiationMessage.Sender..], sender);
        var ephemeral = EphemeralKey.Generate(entropy, message[InitiationMessage.Ephemeral]);
        var handshake = new InitiatorHandshake(SymmetricState.Begin(peer.PublicKey.Bytes), ephemeral);
        if (handshake.TryWrite(self, peer, timestamp, message))
            return handshake;
        handshake.Dispose();
        return null;
    }

    private bool TryWrite(LocalIdentity self, RemoteIdentity peer, Tai64n timestamp, Span<byte> message)
    {
        Span<byte> key = stackalloc byte[Aead.KeyLength];
        Span<byte> label = stackalloc byte[Tai64n.Length];
        _state.MixEphemeral(message[InitiationMessage.Ephemeral]);
        if (peer.StaticShared.IsEmpty || !_state.TryMixDh(_ephemeral, peer.PublicKey.Bytes, key))
            return false;
        _state.Seal(key, self.PublicKey.Bytes, message[InitiationMessage.Static]);
        _state.MixKey(peer.StaticShared, key);
        timestamp.Write(label);
        _state.Seal(key, label, message[InitiationMessage.Timestamp]);
        CryptographicOperations.ZeroMemory(key);
        return true;
    }

    /// <summary>Takes the peer's answer, whose MACs have been checked. False, with nothing changed, if it is not authentic.</summary>
    public bool TryConsumeResponse(
        LocalIdentity self, RemoteIdentity peer, ReadOnlySpan<byte> message, [NotNullWhen(true)] out TransportKeys? keys)
    {
        keys = null;
        Span<byte> key = stackalloc byte[Aead.KeyLength];
        using var state = _state.Clone();
        var ephemeral = message[ResponseMessage.Ephemeral];
        state.MixEphemeral(ephemeral);
        if (!state.TryMixDh(_ephemeral, ephemeral) || !state.TryMixDh(self.Agreement, ephemeral))
            return false;
        state.MixPresharedKey(peer.PresharedKey.Bytes, key);
        if (state.TryOpen(key, message[ResponseMessage.Empty], []))
            keys = state.Split(isInitiator: true);
        CryptographicOperations.ZeroMemory(key);
        return keys is not null;
    }

    public void Dispose()
    {
        _state.Dispose();
        _ephemeral.Dispose();
    }
}
