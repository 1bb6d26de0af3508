using Meshover.WireGuard.Crypto;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class AeadTests
{
    private static readonly byte[] Key = Convert.FromHexString("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    private static readonly byte[] Additional = Convert.FromHexString("50515253c0c1c2c3c4c5c6c7");
    private static readonly byte[] Sunscreen =
    [
        .. "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8,
    ];

    [Fact]
    public void Seal_VectorOfRfc8439Section282_GivesItsOutput()
    {
        var nonce = Convert.FromHexString("070000004041424344454647");
        var text = new byte[Sunscreen.Length + 16];
        var opened = new byte[Sunscreen.Length];
        Aead.Seal(Key, nonce, Sunscreen, Additional, text);

        Assert.Equal(
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
            + "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            + "3ff4def08e4b7a9de576d26586cec64b6116" + "1ae10b594f09e26a7e902ecbd0600691",
            Convert.ToHexStringLower(text));
        Assert.True(Aead.TryOpen(Key, nonce, text, Additional, opened));
        Assert.Equal(Sunscreen, opened);
    }

    [Fact]
    public void SealX_VectorOfTheDraftAppendixA31_GivesItsOutput()
    {
        var nonce = Convert.FromHexString("404142434445464748494a4b4c4d4e4f5051525354555657");
        var text = new byte[Sunscreen.Length + 16];
        var opened = new byte[Sunscreen.Length];
        XChaCha20Poly1305.Seal(Key, nonce, Sunscreen, Additional, text);

        Assert.Equal(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
            + "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
            + "21f9664c97637da9768812f615c68b13b52e" + "c0875924c1c7987947deafd8780acf49",
            Convert.ToHexStringLower(text));
        Assert.True(XChaCha20Poly1305.TryOpen(Key, nonce, text, Additional, opened));
        Assert.Equal(Sunscreen, opened);
    }

    [Fact]
    public void HChaCha20_VectorOfTheDraftSection221_GivesItsOutput()
    {
        var subkey = new byte[32];
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        XChaCha20Poly1305.HChaCha20(key, Convert.FromHexString("000000090000004a0000000031415927"), subkey);

        Assert.Equal("82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc", Convert.ToHexStringLower(subkey));
    }

    [Fact]
    public void TryOpen_AnyBitFlipped_IsRefusedAndShowsNothing()
    {
        var nonce = new byte[12];
        var text = new byte[32 + 16];
        Aead.Seal(Key, nonce, Sunscreen.AsSpan(0, 32), Additional, text);

        for (var bit = 0; bit < text.Length * 8; bit++)
        {
            var opened = new byte[32];
            byte[] damaged = [.. text];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Aead.TryOpen(Key, nonce, damaged, Additional, opened));
            Assert.Equal(new byte[32], opened);
        }
        Assert.False(Aead.TryOpen(Key, nonce, text, Additional.AsSpan(1), new byte[32]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    public void TryOpen_ShorterThanATag_IsRefused(int length) =>
        Assert.False(Aead.TryOpen(Key, new byte[12], new byte[length], Additional, []));
}
