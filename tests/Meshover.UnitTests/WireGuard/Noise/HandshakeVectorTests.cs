using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Noise;

/// <summary>
/// A whole handshake with known keys. The expected bytes come from an independent program, <c>vectors.py</c> beside this file, which follows
/// the WireGuard paper, section 5.4, with Python's hashlib.blake2s and hmac, and RFC 7748 and 8439 spelled out. Static keys begin at 0x10
/// and 0x40, ephemeral ones at 0x70 and 0xa0, the preshared key at 0xd0; each byte is one more than the last.
/// </summary>
public sealed class HandshakeVectorTests
{
    private const string Initiation =
        "010000000403020123b7bb8c91ae008711fb12846780bcdf1e065f821bdfec49f57e7c7dcd4c48237c9f087a47c7776566936c12f69cdefeb0172eed"
        + "5225b21ffd5b64d7cbdcc06f5db9067ffb754a97052851ac628edb82dd2c601dbc35341c6b28bd9698af7c7034e3c7cc39b970d17c9c8d97368175af"
        + "965a3cd87d3bb92622768d3000000000000000000000000000000000";

    private static readonly Tai64n Timestamp = new(0x40000000654b3c2a, 0x0e000000);

    [Theory]
    [InlineData(
        false,
        "020000000807060504030201605a725d2a4adfeeb1a29e17edd621c1b7593ee8cdbc44ac6c4ab6e2f805d23c6ae98ad1c7831a790a89a179925c8e43"
        + "a6b3a3712c51fa42d6ea6cd91a9d288000000000000000000000000000000000",
        "5ace7d7e52b9286764b8d14280cc097d5d4b47a38b5366b86a225036839d2fda",
        "f7733ed49ad38b07311106e7f124da0765a9929be4bf18eae82102d14b5e4bbc")]
    [InlineData(
        true,
        "020000000807060504030201605a725d2a4adfeeb1a29e17edd621c1b7593ee8cdbc44ac6c4ab6e2f805d23ca0addbefe0a803bef1ab89c194057451"
        + "68b9cc5c54ee482fb22b27326e44afb000000000000000000000000000000000",
        "24538fbb2f7b0840790ff8bf90b1ba327f60abf80e70035d8814528477206e03",
        "5d2d3fc0fc221c39f0fa4884d050609578db6fd101c6eaf565603d96f46ac756")]
    public void Handshake_KnownKeys_GivesTheKnownBytesAndKeysAtBothEnds(
        bool withPsk, string response, string initiatorToResponder, string responderToInitiator)
    {
        using var initiator = new LocalIdentity(Sequence(0x10));
        using var responder = new LocalIdentity(Sequence(0x40));
        using var psk = new SecretKey(withPsk ? Sequence(0xd0) : new byte[32]);
        using var responderSeen = new RemoteIdentity(initiator, responder.PublicKey, psk);
        using var initiatorSeen = new RemoteIdentity(responder, initiator.PublicKey, psk);

        var first = new byte[InitiationMessage.Length];
        using var begun = InitiatorHandshake.Create(initiator, responderSeen, 0x01020304, Timestamp, new Fixed(Sequence(0x70)), first);
        AddMacs(responder.PublicKey, first);
        Assert.Equal(Initiation, Convert.ToHexStringLower(first));

        using var read = ResponderHandshake.TryRead(responder, first);
        Assert.Equal(initiator.PublicKey, read!.Initiator);
        Assert.True(read.TryReadTimestamp(initiatorSeen, first, out var timestamp));
        Assert.Equal(Timestamp, timestamp);

        var second = new byte[ResponseMessage.Length];
        Assert.True(read.TryCreateResponse(initiatorSeen, 0x05060708, new Fixed(Sequence(0xa0)), second, out var keysOfResponder));
        AddMacs(initiator.PublicKey, second);
        Assert.Equal(response, Convert.ToHexStringLower(second));

        Assert.True(begun!.TryConsumeResponse(initiator, responderSeen, second, out var keysOfInitiator));
        Assert.Equal(initiatorToResponder, Convert.ToHexStringLower(keysOfInitiator.Send));
        Assert.Equal(initiatorToResponder, Convert.ToHexStringLower(keysOfResponder.Receive));
        Assert.Equal(responderToInitiator, Convert.ToHexStringLower(keysOfResponder.Send));
        Assert.Equal(responderToInitiator, Convert.ToHexStringLower(keysOfInitiator.Receive));
    }

    [Theory]
    [InlineData(
        "5ace7d7e52b9286764b8d14280cc097d5d4b47a38b5366b86a225036839d2fda",
        "040000000807060500000000000000004c30c5555bd04483dcda1ba1b3d005f5ba2766536bb1d38426f547561dac8686")]
    [InlineData(
        "24538fbb2f7b0840790ff8bf90b1ba327f60abf80e70035d8814528477206e03",
        "040000000807060500000000000000009d87821c330560bb0187d40fccb293a47ef7a8866aad9e1a871fba808c9e1655")]
    public void Transport_KnownKeys_GivesTheKnownPacket(string key, string packet)
    {
        var message = new byte[TransportMessage.Overhead + 16];
        TransportMessage.WriteHeader(message, 0x05060708, counter: 0);
        "hello"u8.CopyTo(message.AsSpan(TransportMessage.HeaderLength));
        using var cipher = TransportCipher.ForSealing(Convert.FromHexString(key));
        Ciphers.Seal(cipher, message.AsSpan(TransportMessage.HeaderLength), 16, counter: 0);

        Assert.Equal(packet, Convert.ToHexStringLower(message));
    }

    [Fact]
    public void Cookie_KnownKeys_GivesTheKnownReplyAndMac2()
    {
        byte[] nonce = [.. Enumerable.Range(0x20, 24).Select(i => (byte)i)];
        using var responder = new LocalIdentity(Sequence(0x40));
        var checker = new CookieChecker(responder.PublicKey, new Fixed(Sequence(0x01), nonce), 120_000);
        var generator = new CookieGenerator(responder.PublicKey, 115_000);
        var initiation = Convert.FromHexString(Initiation);
        generator.AddMacs(initiation, now: 1);
        var reply = new byte[CookieReplyMessage.Length];

        checker.CreateReply(initiation, Session.Engine.Address, now: 1, reply);
        Assert.Equal(
            "0300000004030201202122232425262728292a2b2c2d2e2f3031323334353637595fde2763aeb514e6ba5a5a2bd6aaa75c1ad22cbf5278f10e0d4e0e7c0895b5",
            Convert.ToHexStringLower(reply));

        Assert.True(generator.TryConsume(reply, now: 2));
        generator.AddMacs(initiation, now: 3);
        Assert.Equal("a41590e1bcfdbc04d6f6e391c3af4500", Convert.ToHexStringLower(initiation[^16..]));
        Assert.True(checker.HasValidMac2(initiation, Session.Engine.Address, now: 4));
    }

    private static void AddMacs(WireGuardKey receiver, byte[] message) => new CookieGenerator(receiver, 115_000).AddMacs(message, now: 1);

    private static byte[] Sequence(byte first) => [.. Enumerable.Range(first, 32).Select(i => (byte)i)];

    private sealed class Fixed(params byte[][] draws) : IEntropy
    {
        private int _drawn;

        public void Fill(Span<byte> destination) => draws[_drawn++].CopyTo(destination);
    }
}
