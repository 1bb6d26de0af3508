using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The responder's side of Noise_IKpsk2: an initiation is read in two steps, since who sent it is sealed inside, and answered at once, so
/// nothing of it outlives the call (WireGuard paper, sections 5.4.2, 5.4.3).
/// </summary>
internal sealed class ResponderHandshake : IDisposable
{
    private readonly SymmetricState _state;
    private readonly uint _initiatorIndex;
    private readonly byte[] _initiatorEphemeral;

    private ResponderHandshake(LocalIdentity self, SymmetricState state, ReadOnlySpan<byte> initiation)
    {
        Self = self;
        _state = state;
        _initiatorIndex = BinaryPrimitives.ReadUInt32LittleEndian(initiation[InitiationMessage.Sender..]);
        _initiatorEphemeral = initiation[InitiationMessage.Ephemeral].ToArray();
    }

    /// <summary>To whom it is addressed.</summary>
    public LocalIdentity Self { get; }

    /// <summary>The index that the initiator wants in messages to it.</summary>
    public uint InitiatorIndex => _initiatorIndex;

    public WireGuardKey Initiator { get; private init; }

    /// <summary>Opens the initiator's static key. Null if the message is not for us, or damaged.</summary>
    public static ResponderHandshake? TryRead(LocalIdentity self, ReadOnlySpan<byte> initiation)
    {
        Span<byte> key = stackalloc byte[Aead.KeyLength];
        Span<byte> initiator = stackalloc byte[WireGuardKey.Length];
        var state = SymmetricState.Begin(self.PublicKey.Bytes);
        var ephemeral = initiation[InitiationMessage.Ephemeral];
        state.MixEphemeral(ephemeral);
        var read = state.TryMixDh(self.Agreement, ephemeral, key)
            && state.TryOpen(key, initiation[InitiationMessage.Static], initiator);
        CryptographicOperations.ZeroMemory(key);
        if (read)
            return new ResponderHandshake(self, state, initiation) { Initiator = new WireGuardKey(initiator) };
        state.Dispose();
        return null;
    }

    /// <summary>Opens the timestamp, which proves that the initiator has its private key. False if it does not.</summary>
    public bool TryReadTimestamp(RemoteIdentity peer, ReadOnlySpan<byte> initiation, out Tai64n timestamp)
    {
        timestamp = default;
        if (peer.StaticShared.IsEmpty)
            return false;
        Span<byte> key = stackalloc byte[Aead.KeyLength];
        Span<byte> label = stackalloc byte[Tai64n.Length];
        _state.MixKey(peer.StaticShared, key);
        var read = _state.TryOpen(key, initiation[InitiationMessage.Timestamp], label);
        CryptographicOperations.ZeroMemory(key);
        if (read)
            timestamp = Tai64n.Read(label);
        return read;
    }

    /// <summary>Writes the response without its MACs. False if the initiator's keys are of low order.</summary>
    public bool TryCreateResponse(
        RemoteIdentity peer, uint sender, IEntropy entropy, Span<byte> message, [NotNullWhen(true)] out TransportKeys? keys)
    {
        keys = null;
        Span<byte> key = stackalloc byte[Aead.KeyLength];
        BinaryPrimitives.WriteUInt32LittleEndian(message, MessageType.Response);
        BinaryPrimitives.WriteUInt32LittleEndian(message[ResponseMessage.Sender..], sender);
        BinaryPrimitives.WriteUInt32LittleEndian(message[ResponseMessage.Receiver..], _initiatorIndex);
        using var ephemeral = EphemeralKey.Generate(entropy, message[ResponseMessage.Ephemeral]);
        _state.MixEphemeral(message[ResponseMessage.Ephemeral]);
        if (!_state.TryMixDh(ephemeral, _initiatorEphemeral) || !_state.TryMixDh(ephemeral, peer.PublicKey.Bytes))
            return false;
        _state.MixPresharedKey(peer.PresharedKey.Bytes, key);
        _state.Seal(key, [], message[ResponseMessage.Empty]);
        keys = _state.Split(isInitiator: false);
        CryptographicOperations.ZeroMemory(key);
        return true;
    }

    public void Dispose() => _state.Dispose();
}
